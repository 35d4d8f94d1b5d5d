// Counting values into bins of equal width 2^exponent by magnitude and sign.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace bw {

// Adds every value x but zeros to counts: bin floor(|x| / 2^exponent) of the first half of `counts` if x > 0, of the
// second half if x < 0. Returns the number of zeros. All values are finite and |x| < counts.size() / 2 * 2^exponent;
// -126 <= exponent <= 126 (so that the division is exact).
std::uint64_t count_magnitudes(std::span<const float> values, int exponent, std::span<std::uint64_t> counts);

namespace reference {
std::uint64_t count_magnitudes(std::span<const float> values, int exponent, std::span<std::uint64_t> counts);
}

}  // namespace bw
