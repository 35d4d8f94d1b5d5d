// Sum and sum of squares of all elements, added up without rounding.
#pragma once

#include "observe/statistics/exact_sum.h"
#include "observe/statistics/statistic.h"

namespace bw {

class MomentsStatistic {
 public:
  static constexpr std::string_view kName = "moments";

  void add(const Observation& seen);
  void merge(const MomentsStatistic& other);
  void write(ByteWriter& out) const;
  static MomentsStatistic read(ByteReader& in);

  std::uint64_t count() const { return count_; }
  double mean() const;      // 0 when nothing was seen
  double variance() const;  // of the population
  friend bool operator==(const MomentsStatistic&, const MomentsStatistic&) = default;

 private:
  std::uint64_t count_ = 0;
  SumOfFloats sum_;
  SumOfSquares squares_;
};

}  // namespace bw
