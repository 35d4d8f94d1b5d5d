#include <algorithm>
#include <array>

#include "base/names.h"
#include "observe/statistics/entries.h"

namespace bw {

std::span<const StatisticKind> statistics() {
  static const std::array kStatistics{
      range_statistic(),           channel_range_statistic(),   histogram_statistic(),    sample_ranges_statistic(),
      torch_histogram_statistic(), moments_statistic(),         channel_mean_statistic(), gram_statistic(),
      reservoir_statistic(),       large_reservoir_statistic(),
  };
  return kStatistics;
}

const StatisticKind* find_statistic(std::string_view name) {
  const auto found = std::ranges::find(statistics(), name, &StatisticKind::name);
  return found == statistics().end() ? nullptr : &*found;
}

const StatisticKind& statistic_named(std::string_view name) {
  return entry_named("statistic", name, statistics());
}

}  // namespace bw
