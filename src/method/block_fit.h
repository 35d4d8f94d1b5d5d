// Scale and zero point of numbers that share them, and their codes: number = (code - zero_point) * scale.
#pragma once

#include <span>

#include "method/weight_rows.h"
#include "plan/scheme.h"

namespace bw {

struct BlockScale {
  float scale = 0, zero_point = 0;
};

// The codes that a block may use. The zero point of symmetric ones is the middle: 0 where they are signed.
struct BlockCodes {
  explicit BlockCodes(const Scheme& scheme);
  float lowest, highest, middle;
  bool symmetric;
};

// onnxruntime's rule for MatMulNBits (tensor/kernels/nbits.h): codes reach all numbers.
BlockScale widest_scale(std::span<const float> values, const BlockCodes& codes);

// The one of the least error that was found: of the sum of importance * (number of the code - value)^2, all counting
// the same where importance is empty. Ranges from less than half of the widest on are tried, and for the codes that
// each gives the scale that fits them best (least squares).
BlockScale closest_scale(std::span<const float> values, std::span<const float> importance, const BlockCodes& codes);

// The closest scales of all blocks of a weight; importance: of its columns, or empty.
void fit_blocks(WeightRows& rows, std::span<const float> importance, const Scheme& scheme);

// To the nearest, halves to even.
float nearest_code(float value, const BlockScale& block, const BlockCodes& codes);
inline float number_of(float code, const BlockScale& block) {
  return (code - block.zero_point) * block.scale;
}

}  // namespace bw
