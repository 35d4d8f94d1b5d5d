#include "measure/metrics/entries.h"

namespace bw {

Metric top1_metric() {
  return {.name = "top1",
          .says = "share of samples whose label is the model's first answer",
          .unit = Unit::Fraction,
          .of_classes = true,
          .hit_or_miss = true,
          .score = [](const Outcome& outcome) { return right_in_top(outcome, 1); },
          .aggregate = ratio_of_sums};
}

}  // namespace bw
