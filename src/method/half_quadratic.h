// Half-quadratic quantization: Hicham Badri and Appu Shaji, "Half-Quadratic Quantization of Large Machine Learning
// Models", 2023. Zero points are moved so that a few large errors are left and the others are small: |error|^p with
// p < 1, split in two problems that have closed solutions.
#pragma once

#include "method/weight_rows.h"
#include "plan/scheme.h"

namespace bw {

struct HalfQuadratic {
  double norm = 0.7;  // p
  double beta = 10, growth = 1.01;
  int steps = 20;  // at most; ends when the mean error of all weights does not fall
};

// Scales and zero points of `rows`, in units of codes and not rounded: the scale reaches from the least to the largest
// weight of a block. Codes are unsigned. In float32, as the authors' own program.
void half_quadratic(WeightRows& rows, const Scheme& scheme, const HalfQuadratic& options = {});

}  // namespace bw
