// What calibration must gather: for each value, the statistics that the recipe's methods asked for.
#pragma once

#include <map>
#include <set>
#include <string>

#include "observe/statistics/statistic.h"

namespace bw {

struct Needs {
  std::map<std::string, std::set<StatisticKey>> by_value;

  void add(const std::string& value, StatisticKey key) { by_value[value].insert(key); }
  void add(const Needs& other) {
    for (const auto& [value, keys] : other.by_value) by_value[value].insert(keys.begin(), keys.end());
  }
  bool empty() const { return by_value.empty(); }
  // Whether the samples must be added one after another, in order, to one Evidence.
  bool samples_in_order() const { return any(&StatisticKind::samples_in_order); }
  // Whether the order of a sample's elements is of account.
  bool elements_in_order() const { return any(&StatisticKind::elements_in_order); }
  friend bool operator==(const Needs&, const Needs&) = default;

 private:
  bool any(bool StatisticKind::* property) const {
    for (const auto& [value, keys] : by_value)
      for (const StatisticKey& key : keys)
        if (statistic_named(key.kind).*property) return true;
    return false;
  }
};

}  // namespace bw
