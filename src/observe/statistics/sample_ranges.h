// Smallest and largest element of every sample.
#pragma once

#include <map>

#include "observe/statistics/statistic.h"

namespace bw {

class SampleRangesStatistic {
 public:
  static constexpr std::string_view kName = "sample-ranges";

  void add(const Observation& seen);
  void merge(const SampleRangesStatistic& other);
  void write(ByteWriter& out) const;
  static SampleRangesStatistic read(ByteReader& in);

  const std::map<std::uint64_t, Range>& by_sample() const { return by_sample_; }
  friend bool operator==(const SampleRangesStatistic&, const SampleRangesStatistic&) = default;

 private:
  void join(std::uint64_t sample, Range range);

  std::map<std::uint64_t, Range> by_sample_;
};

}  // namespace bw
