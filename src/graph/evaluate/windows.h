// Sliding windows over the spatial axes of [batch, channels, spatial...], shared by convolution and pooling.
#pragma once

#include <functional>
#include <vector>

#include "graph/evaluate/catalog.h"

namespace bw {

struct Windows {
  Shape input, output;  // spatial extents
  std::vector<std::int64_t> kernel, strides, dilations, pads_before, pads_after;

  // From the attributes of Conv, AveragePool, MaxPool and their kin. `kernel` where the attribute is left out.
  static Windows of(const Call& call, const Shape& spatial, Shape kernel);

  // Calls visit(out, in, tap) for every output place, tap of the kernel, and input place it meets (flat indices over
  // the spatial axes; in is -1 in the padding and beyond it).
  struct Meeting {
    std::size_t out, tap;
    std::int64_t in;
    bool inside_padding;  // in the declared padding, not beyond it
  };
  void for_each(const std::function<void(const Meeting&)>& visit) const;
  std::size_t taps() const;
};

}  // namespace bw
