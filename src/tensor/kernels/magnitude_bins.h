// Counting values into bins of equal width 2^exponent by magnitude and sign.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace bw {

// Of values that were counted.
struct Counted {
  std::size_t values = 0, zeros = 0;
  float low = 0, high = 0;  // smallest and largest; 0 is never negative; both 0 when none was counted
  friend bool operator==(const Counted&, const Counted&) = default;
};

inline constexpr std::size_t kCountedTogether = 1024;

// Adds every value x but zeros to counts: bin floor(|x| / 2^exponent) of the first half of `counts` if x > 0, of the
// second half if x < 0. Stops before the first kCountedTogether values of which one has no bin: it is not finite, or
// |x| >= counts.size() / 2 * 2^exponent. -126 <= exponent <= 126 (so that the division is exact).
Counted count_magnitudes(std::span<const float> values, int exponent, std::span<std::uint64_t> counts);

namespace reference {
Counted count_magnitudes(std::span<const float> values, int exponent, std::span<std::uint64_t> counts);
}

}  // namespace bw
