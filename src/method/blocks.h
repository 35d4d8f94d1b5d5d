// Round-to-nearest parameters of a matrix in blocks, by onnxruntime's rule for MatMulNBits.
#pragma once

#include "plan/scheme.h"

namespace bw {

// For a float32 matrix and unsigned codes in blocks along axis 0 or 1. Symmetric: scale = w / -2^(bits-1) with w the
// element of the largest magnitude, sign included, so scales may be negative; zero point in the middle. Asymmetric: scale
// = (max(high, 0) - min(low, 0)) / (2^bits - 1), zero point rounded.
QParams block_params(const Tensor& matrix, const Scheme& scheme);

}  // namespace bw
