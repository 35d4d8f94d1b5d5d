// Rows added up, each with a factor: for what follows from one row after another, so that no product of matrices does
// it. Results do not depend on the CPU.
#pragma once

#include <cstddef>
#include <span>

namespace bw {

constexpr std::size_t kCombined = 64;  // numbers in a row

// out[c] = sum over k of factors[k] * rows[k][c], for rows [factors.size(), kCombined]. The products are added in the
// order of the rows, each rounded before it is added.
void combine(std::span<const float> factors, const float* rows, std::span<float, kCombined> out);

namespace reference {
void combine(std::span<const float> factors, const float* rows, std::span<float, kCombined> out);
}  // namespace reference

}  // namespace bw
