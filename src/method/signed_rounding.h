// Rounding that is learned by the signs of gradients: SignRound (Wenhua Cheng et al., "Optimize Weight Rounding via
// Signed Gradient Descent for the Quantization of LLMs", 2023). A weight's code is that of weight / scale + v, and a
// block's scale its own times a, with -0.5 <= v <= 0.5 and 0 <= a <= 1. Both go by steps of a size that falls to 0
// against the sign of their gradients, rounding taken for the identity there; the loss of an output is
// (w - q)^T G (w - q), G being the Gram matrix of the layer's inputs, which is what all calibration rows together lose.
#pragma once

#include "method/weight_rows.h"
#include "plan/scheme.h"

namespace bw {

struct SignedOptions {
  std::size_t steps = 200;  // the first is of 1 / steps
  bool fits_blocks = true;  // scales are learned too
};

// Codes [outputs, columns] of the least loss that was met, output by output, and their scales in `rows`: never worse
// than the nearest codes. `gram` [columns, columns]. The result depends neither on the number of threads nor on the
// CPU.
std::vector<float> round_by_signs(WeightRows& rows, std::span<const double> gram, const Scheme& scheme,
                                  const SignedOptions& options);

}  // namespace bw
