// Codes of a layer's constants that follow from others.
#pragma once

#include <cstdint>

#include "plan/scheme.h"

namespace bw {

// Int32 codes of a bias with scale input_scale * weight scale, zero point 0, one per channel where the weight has that.
// Where a bias would not fit int32 the weight's scale grows, as onnxruntime's tool does it; a channel without weights
// takes whatever scale its bias needs.
QParams bias_codes(const Tensor& bias, float input_scale, QParams& weight);

// Pairs of neighbours along the reduced dimension of int8 codes whose products with u8 can leave 16 bits; 0 for codes
// of other types. Kernels reduce along rows of the weight as it is stored (Conv, transposed Gemm) or along its columns
// (MatMul).
std::uint64_t saturating_pairs_of_rows(const Tensor& codes);
std::uint64_t saturating_pairs_of_columns(const Tensor& codes);
inline bool saturates(const Tensor& codes) {
  return saturating_pairs_of_rows(codes) > 0 || saturating_pairs_of_columns(codes) > 0;
}

}  // namespace bw
