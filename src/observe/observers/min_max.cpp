#include "observe/observers/entries.h"

namespace bw {

Observer min_max_observer() {
  return {
      "min-max",
      "from the smallest to the largest value seen",
      {},
      {StatisticKind::Range},
      [](const Statistic& seen, const Scheme&, const Arguments&) { return std::get<RangeStatistic>(seen).range(); }};
}

}  // namespace bw
