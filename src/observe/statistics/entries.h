// One function for each statistic's file; the list in statistics.cpp calls them.
#pragma once

#include "observe/statistics/statistic.h"

namespace bw {

StatisticKind range_statistic();
StatisticKind channel_range_statistic();
StatisticKind histogram_statistic();
StatisticKind sample_ranges_statistic();
StatisticKind torch_histogram_statistic();
StatisticKind moments_statistic();
StatisticKind channel_mean_statistic();
StatisticKind gram_statistic();
StatisticKind reservoir_statistic();
StatisticKind large_reservoir_statistic();

}  // namespace bw
