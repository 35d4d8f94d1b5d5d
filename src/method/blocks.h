// Round-to-nearest parameters of a matrix in blocks, by onnxruntime's rule for MatMulNBits.
#pragma once

#include "graph/graph.h"
#include "plan/scheme.h"

namespace bw {

// Unsigned codes of so many bits, 2 to 8, in the narrowest type that a file can hold.
Scheme unsigned_codes(int bits);

// Error(Quantization) that names the weight, and the index of what is no finite number.
void require_finite(const Value& weight);

// For a finite float32 matrix and unsigned codes in blocks along axis 0 or 1; the rule stands in
// tensor/kernels/nbits.h. Symmetric scales may be negative; their zero point is the middle.
QParams block_params(const Tensor& matrix, const Scheme& scheme);

}  // namespace bw
