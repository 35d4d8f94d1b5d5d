#include "measure/metrics/entries.h"

namespace bw {

Metric accuracy_metric() {
  return {"accuracy",
          "share of right answers, a label a sample or a position",
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
