#include "measure/metrics/entries.h"

namespace bw {

Metric top5_metric() {
  return {.name = "top5",
          .says = "share of samples whose label is among the model's first five answers",
          .unit = Unit::Fraction,
          .of_classes = true,
          .hit_or_miss = true,
          .score = [](const Outcome& outcome) { return right_in_top(outcome, 5); },
          .aggregate = ratio_of_sums};
}

}  // namespace bw
