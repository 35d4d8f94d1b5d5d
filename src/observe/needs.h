// What calibration must gather: for each value, the statistics that the recipe's methods asked for.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <string>

namespace bw {

enum class StatisticKind : std::uint8_t {
  Range,           // smallest and largest element
  ChannelRange,    // the same of every channel along an axis
  Histogram,       // how often which magnitude, by sign; zeros apart
  SampleRanges,    // smallest and largest element of every sample
  TorchHistogram,  // PyTorch's HistogramObserver; defined by the order of the samples
  Moments,         // sum and sum of squares
  ChannelMean,     // mean of every channel along an axis
};

struct StatisticKey {
  StatisticKind kind = StatisticKind::Range;
  int axis = 0;  // of the channel kinds; from the front
  friend auto operator<=>(const StatisticKey&, const StatisticKey&) = default;
};

struct Needs {
  std::map<std::string, std::set<StatisticKey>> by_value;

  void add(const std::string& value, StatisticKey key) { by_value[value].insert(key); }
  void add(const Needs& other) {
    for (const auto& [value, keys] : other.by_value) by_value[value].insert(keys.begin(), keys.end());
  }
  bool empty() const { return by_value.empty(); }
  // Whether the samples must be added one after another, in order, to one Evidence.
  bool in_order() const {
    for (const auto& [value, keys] : by_value)
      if (keys.contains({StatisticKind::TorchHistogram})) return true;
    return false;
  }
  // Whether the order of a sample's elements is of no account: not for statistics by channel, nor for rounded sums.
  bool in_any_order() const {
    constexpr StatisticKind kCounted[] = {StatisticKind::Range, StatisticKind::Histogram, StatisticKind::SampleRanges,
                                          StatisticKind::TorchHistogram};
    for (const auto& [value, keys] : by_value)
      for (const StatisticKey& key : keys)
        if (std::ranges::find(kCounted, key.kind) == std::end(kCounted)) return false;
    return true;
  }
  friend bool operator==(const Needs&, const Needs&) = default;
};

}  // namespace bw
