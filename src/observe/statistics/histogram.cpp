#include "observe/statistics/histogram.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "observe/statistics/entries.h"
#include "observe/statistics/ranges.h"
#include "tensor/kernels/magnitude_bins.h"

namespace bw {
namespace {

constexpr int kLog2Bins = 12;
static_assert(std::size_t{1} << kLog2Bins == Histogram::kBins);
// What count_magnitudes allows; the largest float needs 116.
constexpr int kLeastExponent = -126, kMostExponent = 128 - kLog2Bins;

// The least width that gives `magnitude` a bin.
int exponent_for(float magnitude) {
  return std::max(std::ilogb(magnitude) + 1 - kLog2Bins, kLeastExponent);
}

Counted joined(const Counted& a, const Counted& b) {
  if (a.values == 0) return b;
  return {a.values + b.values, a.zeros + b.zeros, std::min(a.low, b.low), std::max(a.high, b.high)};
}

}  // namespace

void Histogram::widen(int exponent) {
  if (counts_.empty()) {
    counts_.resize(2 * kBins);
    exponent_ = exponent;
  }
  const int shift = std::min(exponent - exponent_, kLog2Bins);
  if (shift <= 0) return;
  for (std::size_t side = 0; side < counts_.size(); side += kBins)
    for (std::size_t i = 0; i < kBins; ++i) {
      const std::uint64_t count = std::exchange(counts_[side + i], 0);
      counts_[side + (i >> shift)] += count;  // never above i, so it was emptied or is being filled
    }
  exponent_ = exponent;
}

MinMax Histogram::look(std::span<const float> values) {
  if (values.empty()) return {};
  Counted counted = count_magnitudes(values, exponent_, counts_);
  if (const auto rest = values.subspan(counted.values); !rest.empty()) {  // some are larger than any before
    const MinMax seen = min_max(rest);
    if (seen.not_finite != MinMax::kNone) return {0, 0, counted.values + seen.not_finite};
    widen(exponent_for(std::max(-seen.low, seen.high)));
    counted = joined(counted, count_magnitudes(rest, exponent_, counts_));
  }
  const Range range{counted.low, counted.high};
  range_ = count_ ? joined(range_, range) : range;
  count_ += counted.values;
  zeros_ += counted.zeros;
  return {counted.low, counted.high};
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  range_ = count_ ? joined(range_, other.range_) : other.range_;
  count_ += other.count_;
  zeros_ += other.zeros_;
  if (other.counts_.empty()) return;
  widen(other.exponent_);
  const int shift = exponent_ - other.exponent_;
  for (std::size_t side = 0; side < counts_.size(); side += kBins)
    for (std::size_t i = 0; i < kBins; ++i)
      counts_[side + (i >> std::min(shift, kLog2Bins))] += other.counts_[side + i];
}

double Histogram::width() const {
  return std::ldexp(1.0, exponent_);
}

void Histogram::write(ByteWriter& out) const {
  out.put<std::int32_t>(exponent_);
  out.put(std::span<const std::uint64_t>(counts_));
  out.put(zeros_);
  out.put(count_);
  out.put(range_.low);
  out.put(range_.high);
}

Histogram Histogram::read(ByteReader& in) {
  Histogram read;
  read.exponent_ = in.get<std::int32_t>();
  read.counts_ = in.array<std::uint64_t>();
  read.zeros_ = in.get<std::uint64_t>();
  read.count_ = in.get<std::uint64_t>();
  read.range_.low = in.get<float>();
  read.range_.high = in.get<float>();
  if (!read.counts_.empty() && read.counts_.size() != 2 * kBins) ByteReader::refuse("histogram with other bins");
  const bool fits =
      read.counts_.empty() ? read.exponent_ == 0 : read.exponent_ >= kLeastExponent && read.exponent_ <= kMostExponent;
  if (!fits) ByteReader::refuse("impossible width of bins");
  std::uint64_t left = read.count_;
  const auto take = [&left](std::uint64_t count) {
    if (count > left) ByteReader::refuse("the bins do not add up");
    left -= count;
  };
  take(read.zeros_);
  for (const std::uint64_t count : read.counts_) take(count);
  if (left != 0) ByteReader::refuse("the bins do not add up");
  require_range(read.range_.low, read.range_.high);
  return read;
}

StatisticKind histogram_statistic() {
  return {.name = Histogram::kName,
          .says = "how often which magnitude, by sign; zeros apart",
          .make = make_statistic<Histogram>,
          .read = read_statistic<Histogram>};
}

}  // namespace bw
