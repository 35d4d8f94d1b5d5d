// What statistics that hold ranges share.
#pragma once

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "plan/scheme.h"

namespace bw {

inline Range joined(Range a, Range b) {
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}

inline void require_range(float low, float high) {  // InputError(format)
  if (!std::isfinite(low) || !std::isfinite(high) || low > high) ByteReader::refuse("impossible range");
}

}  // namespace bw
