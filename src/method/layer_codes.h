// Codes of a layer's constants that follow from others.
#pragma once

#include "plan/scheme.h"

namespace bw {

// Int32 codes of a bias with scale input_scale * weight scale, zero point 0, one per channel where the weight has that.
// Where a bias would not fit int32 the weight's scale grows, as onnxruntime's tool does it; a channel without weights
// takes whatever scale its bias needs.
QParams bias_codes(const Tensor& bias, float input_scale, QParams& weight);

// Whether some pair of neighbours along the reduced dimension of int8 codes can leave 16 bits. Kernels reduce along
// rows of the weight as it is stored (Conv, transposed Gemm) or along its columns (MatMul); both are looked at.
bool saturates(const Tensor& codes);

}  // namespace bw
