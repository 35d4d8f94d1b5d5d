#include "measure/metrics/entries.h"

namespace bw {

Metric top5_metric() {
  return {"top5",
          "share of samples whose label is among the model's first five answers",
          Direction::Higher,
          Unit::Fraction,
          true,
          false,
          true,
          false,
          [](const Outcome& outcome) { return right_in_top(outcome, 5); },
          ratio_of_sums};
}

}  // namespace bw
