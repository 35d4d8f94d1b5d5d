// Smallest and largest element of every channel along an axis.
#pragma once

#include <vector>

#include "observe/statistics/statistic.h"

namespace bw {

class ChannelRangeStatistic {
 public:
  static constexpr std::string_view kName = "channel-range";

  explicit ChannelRangeStatistic(int axis) : axis_(axis) {}
  // CalibrationError when a sample has another number of channels than those before.
  void add(const Observation& seen);
  void merge(const ChannelRangeStatistic& other);
  void write(ByteWriter& out) const;
  static ChannelRangeStatistic read(ByteReader& in, int axis);

  std::vector<Range> ranges() const;  // one a channel; empty when nothing was seen
  friend bool operator==(const ChannelRangeStatistic&, const ChannelRangeStatistic&) = default;

 private:
  int axis_;
  std::vector<float> low_, high_;
};

}  // namespace bw
