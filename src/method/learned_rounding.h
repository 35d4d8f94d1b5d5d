// AdaRound: Markus Nagel et al., "Up or Down? Adaptive Rounding for Post-Training Quantization", 2020. Whether a weight
// is rounded up or down is learned from what its layer reads and should give: to the nearest is not the best when the
// errors of many weights meet in one sum.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "plan/scheme.h"

namespace bw {

// One layer as a product of matrices: rows of what it reads, as it reads them once activations are coded, and of what
// the float layer gives at the same places.
struct RoundingTask {
  std::size_t rows = 0, inner = 0, outputs = 0;
  std::span<const float> x;                      // [rows, inner]
  std::span<const float> wanted;                 // [rows, outputs], before the activation function
  std::span<const float> weights;                // [inner, outputs]
  std::vector<float> bias, scales, zero_points;  // one an output
  CodeRange codes = {};
  Range passes = {-std::numeric_limits<float>::infinity(),
                  std::numeric_limits<float>::infinity()};  // what the activation function behind lets through
};

struct RoundingOptions {
  std::size_t steps = 2000;
  std::size_t batch = 256;    // rows of one step, or more, so that all take part
  double rate = 0.02;         // of Adam
  double decision = 1;        // lambda: what a rounding that is neither up nor down costs
  std::size_t held_back = 8;  // of so many rows the last one is not learned from
};

// The mean over rows of the squares of what rounding changes in the outputs, behind the activation function; of the
// rows that were held back.
struct LearnedRounding {
  std::vector<float> codes;  // [inner, outputs]
  double nearest_error = 0, error = 0;
};

// The learned codes. Each output's loss is the mean square of its error over the rows of a batch, in units of what one
// step of its codes adds (scale^2 mean(x^2)), plus `decision` times the sum over its weights of 1 - |2h - 1|^beta, h in
// [0, 1] being how far a weight is rounded up (a stretched sigmoid); beta falls from 20 to 2, after a fifth of the
// steps, in which the sum does not count. Outputs are learned side by side; the result depends neither on the number of
// threads nor on the CPU.
LearnedRounding learned_rounding(const RoundingTask& task, const RoundingOptions& options = {});

}  // namespace bw
