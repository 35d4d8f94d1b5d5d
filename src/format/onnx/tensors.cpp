#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "format/onnx/proto.h"

static_assert(std::endian::native == std::endian::little, "ONNX stores raw data little-endian");

namespace bw::onnx {
namespace {

using Proto = pb::TensorProto;

constexpr std::uint64_t kMaxElements = std::uint64_t{1} << 62;

// Which typed field holds the elements of each type, and how wide one stored number is in the packed form.
enum class Field { Float, Int32, Int64, Double, Uint64, String };

Field field_of(DType dtype) {
  switch (dtype) {
    case DType::Float32:
    case DType::Complex64:
      return Field::Float;
    case DType::Float64:
    case DType::Complex128:
      return Field::Double;
    case DType::Int64:
      return Field::Int64;
    case DType::UInt32:
    case DType::UInt64:
      return Field::Uint64;
    case DType::String:
      return Field::String;
    default:
      return Field::Int32;
  }
}

// Bytes of one number of the typed field: elements of less than 8 bits share a byte.
std::size_t stored_bytes(DType dtype) {
  return static_cast<std::size_t>(std::max(info(dtype).bits / 8, 1));
}

std::size_t typed_count(const Proto& proto) {
  return static_cast<std::size_t>(proto.float_data_size()) + static_cast<std::size_t>(proto.int32_data_size()) +
         static_cast<std::size_t>(proto.int64_data_size()) + static_cast<std::size_t>(proto.double_data_size()) +
         static_cast<std::size_t>(proto.uint64_data_size()) + static_cast<std::size_t>(proto.string_data_size());
}

Shape checked_shape(const Proto& proto, const GraphLimits& limits) {
  if (proto.dims_size() > limits.rank)
    throw Error(InputClass::Limit, fmt::format("rank {} is above the limit of {}", proto.dims_size(), limits.rank));
  std::uint64_t elements = 1;
  for (const std::int64_t dim : proto.dims()) {
    if (dim < 0) throw Error(InputClass::Format, fmt::format("dimension {} is negative", dim));
    // Zeros are left out of the product, so that [2^62, 0] is refused as well.
    const auto factor = static_cast<std::uint64_t>(std::max<std::int64_t>(dim, 1));
    if (factor >= kMaxElements / elements)
      throw Error(
          InputClass::Limit,
          "dimensions " + to_string(std::vector<std::int64_t>(proto.dims().begin(), proto.dims().end())) + " overflow");
    elements *= factor;
  }
  return {proto.dims().begin(), proto.dims().end()};
}

void require_count(std::size_t have, std::uint64_t want, std::string_view what) {
  if (have != want) throw Error(InputClass::Format, fmt::format("{} {}, the dimensions want {}", have, what, want));
}

template <class Stored, class Values>
void narrow(const Values& values, std::span<std::byte> out) {
  using Unsigned = std::make_unsigned_t<Stored>;
  using Signed = std::make_signed_t<Stored>;
  std::byte* to = out.data();
  for (const auto value : values) {
    if (!std::in_range<Signed>(value) && !std::in_range<Unsigned>(value))
      throw Error(InputClass::Format, fmt::format("value {} does not fit the element type", value));
    const auto stored = static_cast<Unsigned>(value);
    std::memcpy(to, &stored, sizeof stored);
    to += sizeof stored;
  }
}

template <class Values>
void copy_numbers(const Values& values, std::span<std::byte> out) {
  if (!out.empty()) std::memcpy(out.data(), values.data(), out.size());
}

// Bits above the last element of a packed tensor mean nothing; they are made zero so that equal tensors are equal
// bytes.
std::byte without_padding(DType dtype, std::uint64_t elements, std::byte last) {
  const auto used = elements * static_cast<std::uint64_t>(info(dtype).bits) % 8;
  return used == 0 ? last : last & static_cast<std::byte>((1u << used) - 1);
}

void clear_padding(DType dtype, std::uint64_t elements, std::span<std::byte> bytes) {
  if (!bytes.empty()) bytes.back() = without_padding(dtype, elements, bytes.back());
}

Tensor typed(const Proto& proto, DType dtype, Shape shape, std::uint64_t bytes) {
  const Field field = field_of(dtype);
  const std::size_t width = stored_bytes(dtype);
  const std::uint64_t numbers = field == Field::Float ? bytes / 4 : field == Field::Double ? bytes / 8 : bytes / width;
  const std::size_t have = field == Field::Float    ? static_cast<std::size_t>(proto.float_data_size())
                           : field == Field::Double ? static_cast<std::size_t>(proto.double_data_size())
                           : field == Field::Int64  ? static_cast<std::size_t>(proto.int64_data_size())
                           : field == Field::Uint64 ? static_cast<std::size_t>(proto.uint64_data_size())
                                                    : static_cast<std::size_t>(proto.int32_data_size());
  require_count(have, numbers, "numbers");
  require_count(typed_count(proto), have, "numbers in fields of all types");
  const std::uint64_t elements = element_count(shape);
  return Tensor::make(dtype, std::move(shape), [&](std::span<std::byte> out) {
    if (field == Field::Float)
      copy_numbers(proto.float_data(), out);
    else if (field == Field::Double)
      copy_numbers(proto.double_data(), out);
    else if (field == Field::Int64)
      copy_numbers(proto.int64_data(), out);
    else if (field == Field::Uint64 && width == 8)
      copy_numbers(proto.uint64_data(), out);
    else if (field == Field::Uint64)
      narrow<std::uint32_t>(proto.uint64_data(), out);
    else if (width == 1)
      narrow<std::uint8_t>(proto.int32_data(), out);
    else if (width == 2)
      narrow<std::uint16_t>(proto.int32_data(), out);
    else
      narrow<std::uint32_t>(proto.int32_data(), out);
    clear_padding(dtype, elements, out);
  });
}

std::uint64_t parse_offset(std::string_view key, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > kMaxElements)
    throw Error(InputClass::Format,
                fmt::format("{} of external data is not a number of bytes: '{}'", key, text.substr(0, 40)));
  return value;
}

struct ExternalRange {
  std::string location;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;
};

ExternalRange external_range(const Proto& proto) {
  ExternalRange range;
  std::vector<std::string_view> seen;
  for (const auto& entry : proto.external_data()) {
    const std::string_view key = entry.key();
    if (std::find(seen.begin(), seen.end(), key) != seen.end())
      throw Error(InputClass::Format, fmt::format("external data has the key '{}' twice", key.substr(0, 40)));
    seen.push_back(key);
    if (key == "location")
      range.location = entry.value();
    else if (key == "offset")
      range.offset = parse_offset(key, entry.value());
    else if (key == "length")
      range.length = parse_offset(key, entry.value());
    else if (key != "checksum" && key != "basepath")
      throw Error(InputClass::Format, fmt::format("external data has the unknown key '{}'", key.substr(0, 40)));
  }
  if (range.location.empty()) throw Error(InputClass::Format, "external data without a location");
  return range;
}

std::size_t alignment_of(DType dtype) {
  const std::size_t bytes = stored_bytes(dtype);
  return dtype == DType::Complex64 || dtype == DType::Complex128 ? bytes / 2 : bytes;
}

}  // namespace

Tensor TensorReader::read(Proto& proto) {
  try {
    const DType dtype = dtype_from(proto.data_type());
    if (proto.has_segment()) throw Error(InputClass::Unsupported, "tensors in segments are not supported");
    Shape shape = checked_shape(proto, limits_);
    const std::uint64_t elements = element_count(shape);
    const bool is_external = proto.data_location() == Proto::EXTERNAL;
    if (int{proto.has_raw_data()} + int{typed_count(proto) > 0} + int{is_external} > 1)
      throw Error(InputClass::Format, "elements stand in more than one place");
    if (dtype == DType::String) {
      if (proto.has_raw_data() || is_external) throw Error(InputClass::Format, "strings cannot stand in raw data");
      require_count(static_cast<std::size_t>(proto.string_data_size()), elements, "strings");
      return Tensor::of_strings(std::move(shape), {proto.string_data().begin(), proto.string_data().end()});
    }
    const std::uint64_t bytes = byte_size(dtype, elements);
    total_ += bytes;
    if (bytes > limits_.bytes || total_ > limits_.bytes)
      throw Error(InputClass::Limit, fmt::format("tensors of more than {} bytes in all", limits_.bytes));
    if (is_external) return external(proto, dtype, std::move(shape), bytes);
    if (!proto.has_raw_data()) return typed(proto, dtype, std::move(shape), bytes);
    require_count(proto.raw_data().size(), bytes, "bytes of raw data");
    auto raw = std::make_shared<std::string>(std::move(*proto.mutable_raw_data()));
    clear_padding(dtype, elements, std::as_writable_bytes(std::span(*raw)));
    return Tensor::wrap(dtype, std::move(shape), as_bytes(*raw), raw);
  } catch (const Error& error) {
    throw error.within("tensor '" + proto.name().substr(0, 200) + "'");
  }
}

const MappedFile& TensorReader::file_beneath(const std::string& location) {
  if (const auto found = files_.find(location); found != files_.end()) return found->second;
  return files_.emplace(location, MappedFile::beneath(folder_, location)).first->second;
}

Tensor TensorReader::external(const Proto& proto, DType dtype, Shape shape, std::uint64_t bytes) {
  const ExternalRange range = external_range(proto);
  if (range.length && *range.length != bytes)
    throw Error(InputClass::Format,
                fmt::format("length {} of external data, the dimensions want {}", *range.length, bytes));
  const MappedFile& file = file_beneath(range.location);
  const auto all = file.bytes();
  if (range.offset > all.size() || bytes > all.size() - range.offset)
    throw Error(InputClass::Format, fmt::format("bytes {} to {}+{} lie outside of external data '{}' of {} bytes",
                                                range.offset, range.offset, bytes, range.location, all.size()));
  const auto part = all.subspan(range.offset, bytes);
  const std::uint64_t elements = element_count(shape);
  const bool aligned = reinterpret_cast<std::uintptr_t>(part.data()) % alignment_of(dtype) == 0;
  const bool clean = part.empty() || without_padding(dtype, elements, part.back()) == part.back();
  if (!aligned || !clean)
    return Tensor::make(dtype, std::move(shape), [&](std::span<std::byte> out) {
      std::copy(part.begin(), part.end(), out.begin());
      clear_padding(dtype, elements, out);
    });
  return Tensor::wrap(dtype, std::move(shape), part, file.owner());
}

SparseTensor TensorReader::read(pb::SparseTensorProto& proto) {
  SparseTensor sparse{.values = read(*proto.mutable_values()),
                      .indices = read(*proto.mutable_indices()),
                      .shape = {proto.dims().begin(), proto.dims().end()}};
  return sparse;
}

void tensor_to(const Tensor& tensor, Proto& proto, const Externalise& externalise) {
  proto.set_data_type(static_cast<std::int32_t>(tensor.dtype()));
  for (const std::int64_t dim : tensor.shape()) proto.add_dims(dim);
  if (tensor.dtype() == DType::String) {
    for (const std::string& text : tensor.strings()) proto.add_string_data(text);
  } else if (!externalise || !externalise(tensor, proto)) {
    proto.set_raw_data(tensor.bytes().data(), tensor.bytes().size());
  }
}

void sparse_to(const SparseTensor& sparse, pb::SparseTensorProto& proto) {
  tensor_to(sparse.values, *proto.mutable_values());
  tensor_to(sparse.indices, *proto.mutable_indices());
  for (const std::int64_t dim : sparse.shape) proto.add_dims(dim);
}

}  // namespace bw::onnx
