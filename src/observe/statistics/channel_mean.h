// Mean of every channel along an axis, from sums that are added up without rounding.
#pragma once

#include <vector>

#include "observe/statistics/exact_sum.h"
#include "observe/statistics/statistic.h"

namespace bw {

class ChannelMeanStatistic {
 public:
  static constexpr std::string_view kName = "channel-mean";

  explicit ChannelMeanStatistic(int axis) : axis_(axis) {}
  // CalibrationError when a sample has another number of channels than those before.
  void add(const Observation& seen);
  void merge(const ChannelMeanStatistic& other);
  void write(ByteWriter& out) const;
  static ChannelMeanStatistic read(ByteReader& in, int axis);

  std::vector<double> means() const;  // one a channel; empty when nothing was seen
  friend bool operator==(const ChannelMeanStatistic&, const ChannelMeanStatistic&) = default;

 private:
  int axis_;
  std::uint64_t count_ = 0;  // elements of each channel
  std::vector<SumOfFloats> sums_;
};

}  // namespace bw
