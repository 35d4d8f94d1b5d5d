#include "observe/statistics/torch_histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "observe/statistics/entries.h"
#include "observe/statistics/ranges.h"

// What PyTorch 1.13 computes in float32 is computed in float here, in its order, oddities included: the bounds given to
// histc are cut to whole numbers, and the sums taken off while the old counts are spread are rounded to float.

namespace bw {
namespace {

constexpr auto kBins = static_cast<std::size_t>(TorchHistogram::kBins);
constexpr float kMostGrowth =
    1ULL << 50;  // so that numbers of parts are exact in 64 bits; PyTorch's memory ends before

// torch.histc with whole-number bounds. Equal bounds stand for those of the data.
std::vector<float> counted(const Observation& seen, Range bounds) {
  float low = std::trunc(bounds.low), high = std::trunc(bounds.high);
  if (low == high) {
    low = seen.range.low;
    high = seen.range.high;
  }
  if (low == high) {
    low -= 1;
    high += 1;
  }
  std::vector<std::uint64_t> counts(kBins);
  const float width = high - low;
  for (const float value : seen.values) {
    if (!(value >= low && value <= high)) continue;
    const float bin = (value - low) * static_cast<float>(kBins) / width;  // not finite when the bounds lie far apart
    ++counts[bin < static_cast<float>(kBins) ? static_cast<std::size_t>(bin) : kBins - 1];
  }
  return {counts.begin(), counts.end()};
}

// The old counts, each bin cut into kUpsampling equal parts, as `taken` parts make one new bin and the first part is
// number `start`.
std::vector<float> spread(std::span<const float> old, std::int64_t taken, std::int64_t start) {
  std::vector<float> counts(kBins);
  const std::int64_t end = start + static_cast<std::int64_t>(kBins) * TorchHistogram::kUpsampling;
  double integral = 0;
  float before = 0;
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    const std::int64_t first = static_cast<std::int64_t>(bin) * taken;  // parts outside [start, end) are empty
    for (std::int64_t part = std::max(first, start); part < std::min(first + taken, end); ++part)
      integral += old[static_cast<std::size_t>((part - start) / TorchHistogram::kUpsampling)];
    // `before` may have been rounded up, and what is left to a bin without parts is less than nothing then.
    counts[bin] = static_cast<float>((integral - static_cast<double>(before)) / TorchHistogram::kUpsampling);
    before = static_cast<float>(integral);
  }
  return counts;
}

}  // namespace

void TorchHistogram::add(const Observation& seen) {
  if (seen.values.empty()) return;
  if (seen.sample < samples_end_) throw Error(ErrorKind::Internal, "samples for PyTorch's histogram out of order");
  samples_end_ = seen.sample + 1;
  if (counts_.empty() || range_.low == range_.high) {
    range_ = seen.range;
    counts_ = counted(seen, range_);
    return;
  }
  Range all{std::min(seen.range.low, range_.low), std::max(seen.range.high, range_.high)};
  const float bins = static_cast<float>(kBins), part = (range_.high - range_.low) / (bins * kUpsampling);
  const float unit = bins * part;
  const float growth = std::ceil((all.high - all.low) / unit);
  if (!(growth < kMostGrowth))
    throw Error(ErrorKind::Calibration, "the range grows too much for PyTorch's histogram",
                fmt::format("sample {}", seen.sample),
                "Take another observer, or leave out the samples before, which are next to constant");
  const auto taken = static_cast<std::int64_t>(growth);
  const auto start = static_cast<std::int64_t>(std::nearbyint((range_.low - all.low) / part));
  all.high = all.high + (static_cast<float>(taken) * unit - (all.high - all.low));
  std::vector<float> counts = counted(seen, all);
  const std::vector<float> old = all == range_ ? counts_ : spread(counts_, taken, start);
  for (std::size_t i = 0; i < kBins; ++i) counts[i] += old[i];
  counts_ = std::move(counts);
  range_ = all;
}

void TorchHistogram::merge(const TorchHistogram& other) {
  if (other.counts_.empty()) return;
  if (!counts_.empty())
    throw Error(ErrorKind::Internal, "PyTorch's histogram is defined by order and cannot be merged");
  *this = other;
}

void TorchHistogram::write(ByteWriter& out) const {
  out.put(samples_end_);
  out.put(std::span<const float>(counts_));
  out.put(range_.low);
  out.put(range_.high);
}

TorchHistogram TorchHistogram::read(ByteReader& in) {
  TorchHistogram read;
  read.samples_end_ = in.get<std::uint64_t>();
  read.counts_ = in.array<float>();
  read.range_.low = in.get<float>();
  read.range_.high = in.get<float>();
  const auto usable = [](float count) { return std::isfinite(count); };  // some are below 0: see spread()
  if ((!read.counts_.empty() && read.counts_.size() != kBins) ||
      !std::all_of(read.counts_.begin(), read.counts_.end(), usable))
    ByteReader::refuse("impossible counts of PyTorch's histogram");
  require_range(read.range_.low, read.range_.high);
  return read;
}

StatisticKind torch_histogram_statistic() {
  return {.name = TorchHistogram::kName,
          .says = "PyTorch's HistogramObserver; defined by the order of the samples",
          .samples_in_order = true,
          .make = make_statistic<TorchHistogram>,
          .read = read_statistic<TorchHistogram>};
}

}  // namespace bw
