#include "observe/statistics/channel_range.h"

#include "observe/statistics/channels.h"
#include "observe/statistics/entries.h"
#include "observe/statistics/ranges.h"
#include "tensor/kernels/reduce.h"

namespace bw {

void ChannelRangeStatistic::add(const Observation& seen) {
  if (seen.values.empty()) return;
  const Layout layout = layout_along(seen.shape, axis_);
  ChannelRangeStatistic one(axis_);
  one.low_.resize(layout.channels);
  one.high_.resize(layout.channels);
  channel_min_max(seen.values, layout, one.low_, one.high_);
  merge(one);
}

void ChannelRangeStatistic::merge(const ChannelRangeStatistic& other) {
  if (other.low_.empty()) return;
  if (low_.empty()) *this = other;
  require_channels(low_.size(), other.low_.size());
  for (std::size_t c = 0; c < low_.size(); ++c) {
    low_[c] = std::min(low_[c], other.low_[c]);
    high_[c] = std::max(high_[c], other.high_[c]);
  }
}

void ChannelRangeStatistic::write(ByteWriter& out) const {
  out.put(std::span<const float>(low_));
  out.put(std::span<const float>(high_));
}

ChannelRangeStatistic ChannelRangeStatistic::read(ByteReader& in, int axis) {
  ChannelRangeStatistic read(axis);
  read.low_ = in.array<float>();
  read.high_ = in.array<float>();
  if (read.low_.size() != read.high_.size()) ByteReader::refuse("ranges of unequal number");
  for (std::size_t c = 0; c < read.low_.size(); ++c) require_range(read.low_[c], read.high_[c]);
  return read;
}

std::vector<Range> ChannelRangeStatistic::ranges() const {
  std::vector<Range> ranges(low_.size());
  for (std::size_t c = 0; c < ranges.size(); ++c) ranges[c] = {low_[c], high_[c]};
  return ranges;
}

StatisticKind channel_range_statistic() {
  return {.name = ChannelRangeStatistic::kName,
          .says = "smallest and largest element of every channel",
          .by_axis = true,
          .elements_in_order = true,
          .make = make_statistic<ChannelRangeStatistic>,
          .read = read_statistic<ChannelRangeStatistic>};
}

}  // namespace bw
