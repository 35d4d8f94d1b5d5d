#include "tensor/kernels/layout.h"

#include <fmt/format.h>

#include "base/error.h"
#include "tensor/tensor.h"

namespace bw {

Layout layout_along(std::span<const std::int64_t> shape, int axis) {
  const auto at = static_cast<std::size_t>(axis);
  if (axis < 0 || at >= shape.size())
    throw Error(ErrorKind::Internal, fmt::format("shape {} has no axis {}", to_string(shape), axis));
  return {element_count(shape.first(at)), static_cast<std::size_t>(shape[at]), element_count(shape.subspan(at + 1))};
}

}  // namespace bw
