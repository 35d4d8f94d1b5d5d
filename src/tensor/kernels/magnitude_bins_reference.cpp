#include <cmath>

#include "tensor/kernels/magnitude_bins.h"

namespace bw::reference {

std::uint64_t count_magnitudes(std::span<const float> values, int exponent, std::span<std::uint64_t> counts) {
  std::uint64_t zeros = 0;
  for (const float value : values) {
    if (value == 0) {
      ++zeros;
      continue;
    }
    const auto bin = static_cast<std::size_t>(std::floor(std::ldexp(std::fabs(static_cast<double>(value)), -exponent)));
    ++counts[value > 0 ? bin : counts.size() / 2 + bin];
  }
  return zeros;
}

}  // namespace bw::reference
