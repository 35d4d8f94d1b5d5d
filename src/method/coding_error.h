// What storing weights as codes changes, where layers compute in float with what the codes stand for.
#pragma once

#include <cmath>
#include <optional>
#include <string>

#include "observe/calibrator.h"
#include "plan/plan.h"

namespace bw {

// Of what is changed of numbers, and of the numbers.
struct Squares {
  double changed = 0, all = 0;
  double ratio() const { return all > 0 ? std::sqrt(changed / all) : 0; }
};
Squares squares_of(const Tensor& exact, const Tensor& met);  // float32, of one shape

// Root mean squares of what is changed, over those of what was there.
struct CodingError {
  double weights = 0;             // of all coded weights together
  std::optional<double> outputs;  // of the layers' outputs on rows of calibration, each layer counting the same
  std::string worst;              // the layer whose outputs change most; where nothing was seen, whose weight does
  double most = 0;                // of that layer
};
std::string to_sentence(const CodingError& error);

// `graph`: with the plan's edits. Nothing where the plan codes no such weight; without a calibrator, no outputs.
std::optional<CodingError> coding_error(const Graph& graph, const Plan& plan, Calibrator* calibrator);

}  // namespace bw
