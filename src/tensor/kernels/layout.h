// A row-major array seen along one axis: [outer, channels, inner].
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace bw {

struct Layout {
  std::size_t outer = 1, channels = 1, inner = 1;

  std::size_t size() const { return outer * channels * inner; }
};

// Error(Internal) when the axis is not one of the shape's (0 <= axis < rank).
Layout layout_along(std::span<const std::int64_t> shape, int axis);

}  // namespace bw
