#include "observe/statistics/sample_ranges.h"

#include "observe/statistics/entries.h"
#include "observe/statistics/ranges.h"

namespace bw {

void SampleRangesStatistic::join(std::uint64_t sample, Range range) {
  const auto [at, fresh] = by_sample_.try_emplace(sample, range);
  if (!fresh) at->second = joined(at->second, range);
}

void SampleRangesStatistic::add(const Observation& seen) {
  if (!seen.values.empty()) join(seen.sample, seen.range);
}

void SampleRangesStatistic::merge(const SampleRangesStatistic& other) {
  for (const auto& [sample, range] : other.by_sample_) join(sample, range);
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
    if (!read.by_sample_.empty() && sample <= read.by_sample_.rbegin()->first)
      ByteReader::refuse("samples that do not ascend");
    read.by_sample_.emplace_hint(read.by_sample_.end(), sample, Range{low, high});
  }
  return read;
}

StatisticKind sample_ranges_statistic() {
  return {.name = SampleRangesStatistic::kName,
          .says = "smallest and largest element of every sample",
          .make = make_statistic<SampleRangesStatistic>,
          .read = read_statistic<SampleRangesStatistic>};
}

}  // namespace bw
