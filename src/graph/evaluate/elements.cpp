#include "graph/evaluate/elements.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "tensor/packing.h"

namespace bw {

Tensor tensor_of(const std::vector<double>& values, Shape shape, DType dtype) {
  return cast(Tensor::of<double>(std::move(shape), std::span<const double>(values)), dtype);
}

Tensor tensor_of(const std::vector<std::int64_t>& values, Shape shape, DType dtype) {
  return cast(Tensor::of<std::int64_t>(std::move(shape), std::span<const std::int64_t>(values)), dtype);
}

namespace {

Tensor take_strings(const Tensor& source, Shape shape, std::span<const std::int64_t> indices, const Tensor& fill) {
  const std::string filler = fill.defined() ? fill.strings().at(0) : "";
  std::vector<std::string> strings;
  strings.reserve(indices.size());
  for (std::int64_t index : indices)
    strings.push_back(index < 0 ? filler : source.strings()[static_cast<std::size_t>(index)]);
  return Tensor::of_strings(std::move(shape), std::move(strings));
}

Tensor take_packed(const Tensor& source, Shape shape, std::span<const std::int64_t> indices, const Tensor& fill) {
  const int bits = info(source.dtype()).bits;
  const std::vector<std::uint8_t> codes = unpack_codes(source.bytes(), bits, source.size());
  const std::uint8_t filler = fill.defined() ? unpack_codes(fill.bytes(), bits, 1)[0] : std::uint8_t{0};
  std::vector<std::uint8_t> taken;
  taken.reserve(indices.size());
  for (std::int64_t index : indices) taken.push_back(index < 0 ? filler : codes[static_cast<std::size_t>(index)]);
  return Tensor::make(source.dtype(), std::move(shape),
                      [&](std::span<std::byte> out) { pack_codes(taken, bits, out); });
}

}  // namespace

Tensor take(const Tensor& source, Shape shape, std::span<const std::int64_t> indices, const Tensor& fill) {
  if (fill.defined() && fill.dtype() != source.dtype())
    throw Error(InputClass::Semantic, "the value to fill with has another type than the data");
  for (std::int64_t index : indices)
    if (index >= static_cast<std::int64_t>(source.size()))
      throw Error(ErrorKind::Internal, "selection outside its tensor");
  if (source.dtype() == DType::String) return take_strings(source, std::move(shape), indices, fill);
  const int bits = info(source.dtype()).bits;
  if (bits < 8) return take_packed(source, std::move(shape), indices, fill);
  const std::size_t size = static_cast<std::size_t>(bits) / 8;
  return Tensor::make(source.dtype(), std::move(shape), [&](std::span<std::byte> out) {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const std::byte* from = indices[i] >= 0  ? source.bytes().data() + static_cast<std::size_t>(indices[i]) * size
                              : fill.defined() ? fill.bytes().data()
                                               : nullptr;  // the memory is zero already
      if (from) std::memcpy(out.data() + i * size, from, size);
    }
  });
}

Tensor join(std::span<const Tensor> parts) {
  const DType dtype = parts.front().dtype();
  std::size_t count = 0;
  for (const Tensor& part : parts) {
    if (part.dtype() != dtype) throw Error(InputClass::Semantic, "tensors of different types are put together");
    count += part.size();
  }
  const Shape shape{static_cast<std::int64_t>(count)};
  if (dtype == DType::String) {
    std::vector<std::string> strings;
    for (const Tensor& part : parts) strings.insert(strings.end(), part.strings().begin(), part.strings().end());
    return Tensor::of_strings(shape, std::move(strings));
  }
  if (const int bits = info(dtype).bits; bits < 8) {
    std::vector<std::uint8_t> codes;
    for (const Tensor& part : parts) {
      const std::vector<std::uint8_t> more = unpack_codes(part.bytes(), bits, part.size());
      codes.insert(codes.end(), more.begin(), more.end());
    }
    return Tensor::make(dtype, shape, [&](std::span<std::byte> out) { pack_codes(codes, bits, out); });
  }
  return Tensor::make(dtype, shape, [&](std::span<std::byte> out) {
    for (const Tensor& part : parts) {
      std::copy(part.bytes().begin(), part.bytes().end(), out.begin());
      out = out.subspan(part.bytes().size());
    }
  });
}

Shape strides_of(const Shape& shape) {
  Shape strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

std::vector<std::int64_t> grid(const std::vector<std::vector<std::int64_t>>& positions, const Shape& strides) {
  for (const std::vector<std::int64_t>& list : positions)
    if (list.empty()) return {};
  std::vector<std::int64_t> indices{0};
  for (std::size_t axis = 0; axis < positions.size(); ++axis) {
    std::vector<std::int64_t> longer;
    longer.reserve(indices.size() * positions[axis].size());
    for (std::int64_t base : indices)
      for (std::int64_t position : positions[axis])
        longer.push_back(base < 0 || position < 0 ? -1 : base + position * strides[axis]);
    indices = std::move(longer);
  }
  return indices;
}

std::vector<std::int64_t> positions_from(std::int64_t start, std::int64_t step, std::int64_t count) {
  std::vector<std::int64_t> positions;
  positions.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) positions.push_back(start + i * step);
  return positions;
}

std::vector<std::vector<std::int64_t>> all_positions(const Shape& shape) {
  std::vector<std::vector<std::int64_t>> positions;
  for (std::int64_t extent : shape) positions.push_back(positions_from(0, 1, extent));
  return positions;
}

Shape broadcast(const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()));
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1)
      throw Error(InputClass::Semantic, "shapes " + to_string(a) + " and " + to_string(b) + " do not broadcast");
    result[result.size() - 1 - i] = x == 1 ? y : x;
  }
  return result;
}

std::vector<std::int64_t> broadcast_indices(const Shape& from, const Shape& to) {
  if (from.size() > to.size() || broadcast(from, to) != to)
    throw Error(InputClass::Semantic, "shape " + to_string(from) + " does not broadcast to " + to_string(to));
  const std::size_t added = to.size() - from.size();
  const Shape own = strides_of(from);
  Shape strides(to.size(), 0);
  for (std::size_t i = 0; i < from.size(); ++i) strides[added + i] = from[i] == 1 ? 0 : own[i];
  return grid(all_positions(to), strides);
}

AxisView::AxisView(const Shape& shape, std::size_t axis) {
  for (std::size_t i = 0; i < shape.size(); ++i)
    (i < axis ? outer : i == axis ? extent : inner) *= static_cast<std::size_t>(shape[i]);
}

}  // namespace bw
