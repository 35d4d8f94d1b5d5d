#include <algorithm>
#include <cmath>

#include "tensor/kernels/magnitude_bins.h"

namespace bw::reference {

Counted count_magnitudes(std::span<const float> values, int exponent, std::span<std::uint64_t> counts) {
  const std::size_t half = counts.size() / 2;
  const auto bin = [&](float value) {
    return std::floor(std::ldexp(std::fabs(static_cast<double>(value)), -exponent));
  };
  Counted counted;
  while (counted.values < values.size()) {
    const auto left = values.subspan(counted.values);
    const auto next = left.first(std::min(left.size(), kCountedTogether));
    if (!std::ranges::all_of(next, [&](float x) { return x == 0 || bin(x) < static_cast<double>(half); })) break;
    for (const float x : next) {
      counted.low = counted.values == 0 ? x + 0.0F : std::min(counted.low, x + 0.0F);
      counted.high = counted.values == 0 ? x + 0.0F : std::max(counted.high, x + 0.0F);
      ++counted.values;
      if (x == 0)
        ++counted.zeros;
      else
        ++counts[static_cast<std::size_t>(bin(x)) + (x > 0 ? 0 : half)];
    }
  }
  return counted;
}

}  // namespace bw::reference
