#include <cmath>

#include "base/error.h"
#include "measure/metrics/entries.h"
#include "tensor/convert.h"

namespace bw {
namespace {

// {sum of |output - label|, elements}
Score score(const Outcome& outcome) {
  const std::vector<float> label = to_floats(outcome.sample.labels.at(0));
  if (label.size() != outcome.values.size())
    throw Error(
        InputClass::Data,
        "the model gives " + to_string(outcome.shape) + " for a label of " + std::to_string(label.size()) + " numbers",
        outcome.sample.id);
  double sum = 0;
  for (std::size_t i = 0; i < label.size(); ++i) sum += std::abs(static_cast<double>(outcome.values[i]) - label[i]);
  return {sum, static_cast<double>(label.size())};
}

}  // namespace

Metric mae_metric() {
  return {.name = "mae",
          .says = "mean absolute error",
          .direction = Direction::Lower,
          .relative = true,
          .score = score,
          .aggregate = ratio_of_sums};
}

}  // namespace bw
