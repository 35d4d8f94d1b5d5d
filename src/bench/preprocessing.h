// What fits a float model better than what it is given, where it is right on no more than chance: the usual ways to
// make pictures, classes that are counted from another number, labels in another order.
#pragma once

#include <string>
#include <vector>

#include "bench/bench.h"
#include "model/model.h"

namespace bw {

// Runs the float model on up to 200 samples, each way. One sentence for what fits far better than chance, with the
// lines for dataset.yaml; none when nothing does, or when the task is not to name one class a sample. Errors:
// evaluate_model's.
std::vector<std::string> better_preprocessing(const LoadedModel& model, const Dataset& dataset,
                                              const MeasureOptions& options);

// How far answers fit labels, of the same samples.
struct Fit {
  double right = 0;         // share
  std::int64_t offset = 0;  // answer - label, where that is always the same: 0, 1 or -1
  std::vector<std::int64_t>
      renamed;  // by class of the model: the label that it fits; empty when classes are not renamed
};
// The best of: as they are, counted from one more or less, renamed one to one (the first half of the samples says how,
// the other half how well).
Fit best_fit(const std::vector<std::int64_t>& answers, const std::vector<std::int64_t>& labels);

// Whether a share of right answers is far (four standard errors) beyond what guessing could reach.
bool beyond_chance(double right, const std::vector<std::int64_t>& labels);

}  // namespace bw
