// Sparse initializers become dense ones: methods and kernels read nothing else.
#include <fmt/format.h>

#include "base/error.h"
#include "graph/passes/list.h"
#include "tensor/convert.h"

namespace bw {

namespace {

constexpr std::uint64_t kMostElements = std::uint64_t{1} << 30;

// Where each of the sparse tensor's values stands: indices are [count], into the flat tensor, or [count, rank].
std::uint64_t place_of(std::span<const std::int64_t> indices, std::size_t i, const Shape& shape, bool flat) {
  if (flat) return static_cast<std::uint64_t>(indices[i]);
  std::uint64_t place = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    place =
        place * static_cast<std::uint64_t>(shape[axis]) + static_cast<std::uint64_t>(indices[i * shape.size() + axis]);
  return place;
}

Tensor dense(const SparseTensor& sparse, const std::string& name) {
  const std::uint64_t elements = element_count(sparse.shape);
  const DType dtype = sparse.values.dtype();
  if (elements > kMostElements || info(dtype).bits < 8 || dtype == DType::String)
    throw Error(InputClass::Limit, fmt::format("a sparse tensor of {} {} elements", elements, name_of(dtype)),
                fmt::format("tensor '{}'", name), "Store it as a dense initializer");
  const std::vector<std::int64_t> indices = to_int64s(sparse.indices);
  const bool flat = sparse.indices.rank() == 1;
  const std::size_t bytes = static_cast<std::size_t>(info(dtype).bits / 8);
  return Tensor::make(dtype, sparse.shape, [&](std::span<std::byte> out) {
    std::fill(out.begin(), out.end(), std::byte{});
    for (std::size_t i = 0; i < sparse.values.size(); ++i) {
      const std::uint64_t place = place_of(indices, i, sparse.shape, flat);
      if (place >= elements)
        throw Error(InputClass::Semantic, fmt::format("index {} of a sparse tensor is outside its shape", i),
                    fmt::format("tensor '{}'", name));
      std::copy_n(sparse.values.bytes().data() + i * bytes, bytes, out.data() + place * bytes);
    }
  });
}

}  // namespace

bool densify(Graph& graph) {
  bool changed = false;
  for (Value& value : graph.values) {
    if (!value.sparse_initializer) continue;
    value.initializer = dense(*value.sparse_initializer, value.name);
    value.type = ValueType::tensor(value.initializer.dtype(), value.initializer.shape());
    value.sparse_initializer = nullptr;
    changed = true;
  }
  return changed;
}

}  // namespace bw
