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

void Histogram::add(const Observation& seen) {
  if (seen.values.empty()) return;
  range_ = count_ ? joined(range_, seen.range) : seen.range;
  count_ += seen.values.size();
  const float magnitude = std::max(-seen.range.low, seen.range.high);
  if (magnitude == 0) {
    zeros_ += seen.values.size();
    return;
  }
  widen(exponent_for(magnitude));
  zeros_ += count_magnitudes(seen.values, exponent_, counts_);
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
