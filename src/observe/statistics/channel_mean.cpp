#include "observe/statistics/channel_mean.h"

#include "observe/statistics/channels.h"
#include "observe/statistics/entries.h"
#include "tensor/kernels/reduce.h"

namespace bw {

void ChannelMeanStatistic::add(const Observation& seen) {
  if (seen.values.empty()) return;
  const auto [outer, channels, inner] = layout_along(seen.shape, axis_);
  if (sums_.empty()) sums_.resize(channels);
  require_channels(sums_.size(), channels);
  std::vector<double> sums(channels);
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t c = 0; c < channels; ++c) {
      const float* row = seen.values.data() + (o * channels + c) * inner;
      sums[c] += inner == 1 ? *row : moments({row, inner}).sum;
    }
  for (std::size_t c = 0; c < channels; ++c) sums_[c].add(sums[c]);
  count_ += outer * inner;
}

void ChannelMeanStatistic::merge(const ChannelMeanStatistic& other) {
  if (other.sums_.empty()) return;
  if (sums_.empty()) sums_.resize(other.sums_.size());
  require_channels(sums_.size(), other.sums_.size());
  for (std::size_t c = 0; c < sums_.size(); ++c) sums_[c].merge(other.sums_[c]);
  count_ += other.count_;
}

void ChannelMeanStatistic::write(ByteWriter& out) const {
  out.put(count_);
  out.put<std::uint64_t>(sums_.size());
  for (const SumOfFloats& sum : sums_) sum.write(out);
}

ChannelMeanStatistic ChannelMeanStatistic::read(ByteReader& in, int axis) {
  ChannelMeanStatistic read(axis);
  read.count_ = in.get<std::uint64_t>();
  for (auto left = in.get<std::uint64_t>(); left > 0; --left) read.sums_.push_back(SumOfFloats::read(in));
  if ((read.count_ == 0) != read.sums_.empty()) ByteReader::refuse("channel means of no elements");
  return read;
}

std::vector<double> ChannelMeanStatistic::means() const {
  std::vector<double> means;
  for (const SumOfFloats& sum : sums_) means.push_back(sum.value() / static_cast<double>(count_));
  return means;
}

StatisticKind channel_mean_statistic() {
  return {.name = ChannelMeanStatistic::kName,
          .says = "mean of every channel",
          .by_axis = true,
          .elements_in_order = true,
          .make = make_statistic<ChannelMeanStatistic>,
          .read = read_statistic<ChannelMeanStatistic>};
}

}  // namespace bw
