// Smallest and largest elements, and moments. Results do not depend on the CPU or the number of threads.
#pragma once

#include <cstddef>
#include <limits>
#include <span>

#include "tensor/kernels/layout.h"

namespace bw {

struct MinMax {
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  float low = 0, high = 0;         // 0 is never negative; both 0 of an empty span
  std::size_t not_finite = kNone;  // index of the first NaN or infinity; low and high are 0 then
  friend bool operator==(const MinMax&, const MinMax&) = default;
};

MinMax min_max(std::span<const float> values);

// The same for every channel of `values`, seen as `layout`. Writes layout.channels elements of low and high; returns
// the index of the first NaN or infinity of all, or MinMax::kNone (low and high are not to be used otherwise).
std::size_t channel_min_max(std::span<const float> values, Layout layout, std::span<float> low, std::span<float> high);

struct Moments {
  double sum = 0, squares = 0;
  friend bool operator==(const Moments&, const Moments&) = default;
};

// Sums in double of finite values. Element i goes to the partial sum i modulo 16 in the order of i; these are then
// added pairwise: j to j + 8, + 4, + 2, + 1.
Moments moments(std::span<const float> values);

namespace reference {
MinMax min_max(std::span<const float> values);
std::size_t channel_min_max(std::span<const float> values, Layout layout, std::span<float> low, std::span<float> high);
Moments moments(std::span<const float> values);
}  // namespace reference

}  // namespace bw
