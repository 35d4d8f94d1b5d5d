// How a window slides along one spatial axis: extents of convolutions and poolings.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

namespace bw {

struct WindowAxis {
  std::int64_t kernel = 1, stride = 1, dilation = 1;  // from 1 on
  std::int64_t before = 0, after = 0;                 // padding
  bool ceiling = false;                               // the last window may reach past the padding, but not begin in it

  std::int64_t reach() const { return (kernel - 1) * dilation + 1; }
  // Padding of auto_pad SAME: what ceil(extent / stride) places take, the odd one behind (upper) or before.
  void pad_same(std::int64_t extent, bool upper);
  // nullopt when the kernel is larger than the padded input.
  std::optional<std::int64_t> places(std::int64_t extent) const;
};

}  // namespace bw
