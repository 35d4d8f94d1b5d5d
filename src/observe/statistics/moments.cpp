#include "observe/statistics/moments.h"

#include <algorithm>

#include "observe/statistics/entries.h"
#include "tensor/kernels/reduce.h"

namespace bw {

void MomentsStatistic::add(const Observation& seen) {
  const Moments one = moments(seen.values);
  count_ += seen.values.size();
  sum_.add(one.sum);
  squares_.add(one.squares);
}

void MomentsStatistic::merge(const MomentsStatistic& other) {
  count_ += other.count_;
  sum_.merge(other.sum_);
  squares_.merge(other.squares_);
}

void MomentsStatistic::write(ByteWriter& out) const {
  out.put(count_);
  sum_.write(out);
  squares_.write(out);
}

MomentsStatistic MomentsStatistic::read(ByteReader& in) {
  MomentsStatistic read;
  read.count_ = in.get<std::uint64_t>();
  read.sum_ = SumOfFloats::read(in);
  read.squares_ = SumOfSquares::read(in);
  return read;
}

double MomentsStatistic::mean() const {
  return count_ ? sum_.value() / static_cast<double>(count_) : 0;
}

double MomentsStatistic::variance() const {
  if (count_ == 0) return 0;
  return std::max(0.0, squares_.value() / static_cast<double>(count_) - mean() * mean());
}

StatisticKind moments_statistic() {
  return {.name = MomentsStatistic::kName,
          .says = "sum and sum of squares",
          .elements_in_order = true,  // each sample's own sums are rounded
          .make = make_statistic<MomentsStatistic>,
          .read = read_statistic<MomentsStatistic>};
}

}  // namespace bw
