#include "measure/metrics/entries.h"

namespace bw {

Metric top1_metric() {
  return {"top1",
          "share of samples whose label is the model's first answer",
          Direction::Higher,
          Unit::Fraction,
          true,
          false,
          true,
          false,
          [](const Outcome& outcome) { return right_in_top(outcome, 1); },
          ratio_of_sums};
}

}  // namespace bw
