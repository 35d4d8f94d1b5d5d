// Rounding of a layer's weights one column after another, the next ones making up for what the last one changed of the
// layer's output: GPTQ (Elias Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained
// Transformers", 2022). With a Gram matrix G of the layer's inputs, a row w of weights and q of coded ones, the output
// changes by (w - q)^T G (w - q) = |U (w - q)|^2, U being G's Cholesky factor; column after column, what the rows of U
// say of those that are rounded already is taken over by the next one, which is Babai's nearest plane.
#pragma once

#include <string>

#include "method/weight_rows.h"
#include "plan/scheme.h"

namespace bw {

struct SuccessiveOptions {
  bool by_activity = false;  // the columns of the largest inputs are rounded first; else as they lie
  double damping = 0.01;     // of the mean of the Gram matrix's diagonal, added to it
  bool fits_blocks = true;   // a block's scale is chosen when its first column is reached, of what has been made of it
};

struct SuccessiveRounding {
  std::vector<float> codes;  // [outputs, columns]
  double damping = 0;        // that was enough; 0: the matrix stayed singular, and codes are the nearest
};

// `gram` [columns, columns]. Scales and zero points of `rows` are those that the codes are for. The result depends
// neither on the number of threads nor on the CPU.
SuccessiveRounding round_successively(WeightRows& rows, std::span<const double> gram, const Scheme& scheme,
                                      const SuccessiveOptions& options);

}  // namespace bw
