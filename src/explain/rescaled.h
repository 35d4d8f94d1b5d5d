// Weights whose channels were multiplied by factors.
#pragma once

#include <span>

#include "tensor/tensor.h"

namespace bw {

// On which of the first two axes of a weight channels have factors.
struct Rescaling {
  bool first = false, second = false;
};

// Whether `changed` is `weight` (equal shapes, two axes or more) with many of the channels of its first two axes
// multiplied by factors that differ, but for what rounding leaves: as equalize and smooth change weights, for values
// that they scale the other way. One factor for all, or for a channel here and there, is none of that.
Rescaling rescaling(std::span<const float> weight, std::span<const float> changed, const Shape& shape);

}  // namespace bw
