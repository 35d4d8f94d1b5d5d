#include "observe/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tensor/kernels/reduce.h"

namespace bw {
namespace {

Range joined(Range a, Range b) {
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}

void require_range(float low, float high) {
  if (!std::isfinite(low) || !std::isfinite(high) || low > high) ByteReader::refuse("impossible range");
}

int read_axis(ByteReader& in) {
  const auto axis = in.get<std::int32_t>();
  if (axis < 0) ByteReader::refuse("negative axis");
  return axis;
}

[[noreturn]] void refuse_channels(std::size_t before, std::size_t now) {
  throw Error(ErrorKind::Calibration, fmt::format("a sample has {} channels, those before had {}", now, before), "",
              "Statistics by channel need the same number of channels in every sample");
}

}  // namespace

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
  out.put(low_);
  out.put(high_);
  out.put(count_);
}

RangeStatistic RangeStatistic::read(ByteReader& in) {
  RangeStatistic read;
  const auto low = in.get<float>(), high = in.get<float>();
  read.count_ = in.get<std::uint64_t>();
  if (read.count_ == 0) return read;
  require_range(low, high);
  read.low_ = low;
  read.high_ = high;
  return read;
}

void ChannelRangeStatistic::add(const Observation& seen) {
  if (seen.values.empty()) return;
  const Layout layout = layout_along(seen.shape, axis_);
  std::vector<float> low(layout.channels), high(layout.channels);
  channel_min_max(seen.values, layout, low, high);
  ChannelRangeStatistic one(axis_);
  one.low_ = std::move(low);
  one.high_ = std::move(high);
  merge(one);
}

void ChannelRangeStatistic::merge(const ChannelRangeStatistic& other) {
  if (other.low_.empty()) return;
  if (low_.empty()) *this = other;
  if (low_.size() != other.low_.size()) refuse_channels(low_.size(), other.low_.size());
  for (std::size_t c = 0; c < low_.size(); ++c) {
    low_[c] = std::min(low_[c], other.low_[c]);
    high_[c] = std::max(high_[c], other.high_[c]);
  }
}

void ChannelRangeStatistic::write(ByteWriter& out) const {
  out.put<std::int32_t>(axis_);
  out.put(std::span<const float>(low_));
  out.put(std::span<const float>(high_));
}

ChannelRangeStatistic ChannelRangeStatistic::read(ByteReader& in) {
  ChannelRangeStatistic read(read_axis(in));
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

void SampleRangesStatistic::add(const Observation& seen) {
  if (seen.values.empty()) return;
  const auto [at, fresh] = by_sample_.try_emplace(seen.sample, seen.range);
  if (!fresh) at->second = joined(at->second, seen.range);
}

void SampleRangesStatistic::merge(const SampleRangesStatistic& other) {
  for (const auto& [sample, range] : other.by_sample_) {
    const auto [at, fresh] = by_sample_.try_emplace(sample, range);
    if (!fresh) at->second = joined(at->second, range);
  }
}

void SampleRangesStatistic::write(ByteWriter& out) const {
  out.put<std::uint64_t>(by_sample_.size());
  for (const auto& [sample, range] : by_sample_) {
    out.put(sample);
    out.put(range.low);
    out.put(range.high);
  }
}

SampleRangesStatistic SampleRangesStatistic::read(ByteReader& in) {
  SampleRangesStatistic read;
  for (auto left = in.get<std::uint64_t>(); left > 0; --left) {
    const auto sample = in.get<std::uint64_t>();
    const auto low = in.get<float>(), high = in.get<float>();
    require_range(low, high);
    if (!read.by_sample_.try_emplace(sample, Range{low, high}).second) ByteReader::refuse("a sample stands twice");
  }
  return read;
}

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

void ChannelMeanStatistic::add(const Observation& seen) {
  if (seen.values.empty()) return;
  const auto [outer, channels, inner] = layout_along(seen.shape, axis_);
  if (sums_.empty()) sums_.resize(channels);
  if (sums_.size() != channels) refuse_channels(sums_.size(), channels);
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
  if (sums_.size() != other.sums_.size()) refuse_channels(sums_.size(), other.sums_.size());
  for (std::size_t c = 0; c < sums_.size(); ++c) sums_[c].merge(other.sums_[c]);
  count_ += other.count_;
}

void ChannelMeanStatistic::write(ByteWriter& out) const {
  out.put<std::int32_t>(axis_);
  out.put(count_);
  out.put<std::uint64_t>(sums_.size());
  for (const SumOfFloats& sum : sums_) sum.write(out);
}

ChannelMeanStatistic ChannelMeanStatistic::read(ByteReader& in) {
  ChannelMeanStatistic read(read_axis(in));
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

}  // namespace bw
