#include "measure/metrics/entries.h"

namespace bw {

Metric accuracy_metric() {
  return {.name = "accuracy",
          .says = "share of right answers, a label a sample or a position",
          .unit = Unit::Fraction,
          .of_classes = true,
          .hit_or_miss = true,
          .score = [](const Outcome& outcome) { return right_in_top(outcome, 1); },
          .aggregate = ratio_of_sums};
}

}  // namespace bw
