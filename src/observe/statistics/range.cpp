#include "observe/statistics/range.h"

#include "observe/statistics/entries.h"
#include "observe/statistics/ranges.h"

namespace bw {

void RangeStatistic::add(const Observation& seen) {
  if (seen.values.empty()) return;
  low_ = std::min(low_, seen.range.low);
  high_ = std::max(high_, seen.range.high);
  count_ += seen.values.size();
}

void RangeStatistic::merge(const RangeStatistic& other) {
  low_ = std::min(low_, other.low_);
  high_ = std::max(high_, other.high_);
  count_ += other.count_;
}

void RangeStatistic::write(ByteWriter& out) const {
  out.put(range().low);
  out.put(range().high);
  out.put(count_);
}

RangeStatistic RangeStatistic::read(ByteReader& in) {
  RangeStatistic read;
  const auto low = in.get<float>(), high = in.get<float>();
  require_range(low, high);
  read.count_ = in.get<std::uint64_t>();
  if (read.count_ == 0) return read;
  read.low_ = low;
  read.high_ = high;
  return read;
}

StatisticKind range_statistic() {
  return {.name = RangeStatistic::kName,
          .says = "smallest and largest element",
          .make = make_statistic<RangeStatistic>,
          .read = read_statistic<RangeStatistic>};
}

}  // namespace bw
