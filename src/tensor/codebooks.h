// Tables of numbers that codes stand for, as bitsandbytes defines them (Dettmers et al., "QLoRA", 2023, appendix E;
// "8-bit Optimizers via Block-wise Quantization", 2022, section 2.2).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "tensor/kernels/unit_codes.h"

namespace bw {

using FourBits = std::array<float, 16>;

// Quantiles of a normal distribution, from -1 to 1 with 0 among them, ascending.
const FourBits& nf4();
// A sign, two bits of exponent and one of mantissa, in twelfths of themselves: 0, 1/192, 8, 12, 4, 6, 2, 3 twelfths.
const FourBits& fp4();
// A sign, a unary exponent and as many bits of a fraction as are left of 8: seven decades, ascending, with 0 and 1.
const std::array<float, 256>& dynamic8();

// Which numbers of a table are nearest.
class NearestCodes {
 public:
  explicit NearestCodes(std::span<const float> table);
  // Halfway between two, the lower number's. Codes as many as values.
  void encode(std::span<const float> values, std::span<std::uint8_t> codes) const;
  // For what encodes many blocks (tensor/kernels/unit_codes.h); lives as long as this.
  SmallTable small() const { return {bounds_, order_}; }

 private:
  std::vector<float> bounds_;        // halfway between neighbours, ascending
  std::vector<std::uint8_t> order_;  // codes by their numbers, ascending
};

}  // namespace bw
