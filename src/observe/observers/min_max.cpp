#include "observe/observers/entries.h"
#include "observe/statistics/range.h"

namespace bw {

Observer min_max_observer() {
  return {"min-max",
          "from the smallest to the largest value seen",
          {},
          {RangeStatistic::kName},
          [](const Statistic& seen, const Scheme&, const Arguments&) { return seen.as<RangeStatistic>().range(); }};
}

}  // namespace bw
