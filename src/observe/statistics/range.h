// Smallest and largest element of all samples.
#pragma once

#include <limits>

#include "observe/statistics/statistic.h"

namespace bw {

class RangeStatistic {
 public:
  static constexpr std::string_view kName = "range";

  void add(const Observation& seen);
  void merge(const RangeStatistic& other);
  void write(ByteWriter& out) const;
  static RangeStatistic read(ByteReader& in);

  std::uint64_t count() const { return count_; }  // elements
  Range range() const { return count_ ? Range{low_, high_} : Range{}; }
  friend bool operator==(const RangeStatistic&, const RangeStatistic&) = default;

 private:
  float low_ = std::numeric_limits<float>::infinity(), high_ = -std::numeric_limits<float>::infinity();
  std::uint64_t count_ = 0;
};

}  // namespace bw
