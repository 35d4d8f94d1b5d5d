#include "method/knapsack.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace bw {
namespace {

constexpr std::size_t kParts = 1 << 14;
constexpr double kNever = std::numeric_limits<double>::infinity();

std::size_t parts_of(double size, double most) {
  return most > 0 ? static_cast<std::size_t>(std::min(std::ceil(size / most * kParts), kParts + 1.0))
                  : (size > 0 ? kParts + 1 : 0);
}

// What the smallest choices are, where they fit.
std::optional<std::vector<std::size_t>> smallest(std::span<const std::vector<Choice>> items, double most) {
  std::vector<std::size_t> taken;
  double size = 0;
  for (const std::vector<Choice>& choices : items) {
    const auto least = std::ranges::min_element(choices, {}, &Choice::size);
    taken.push_back(static_cast<std::size_t>(least - choices.begin()));
    size += least->size;
  }
  return size <= most ? std::optional(taken) : std::nullopt;
}

}  // namespace

std::optional<std::vector<std::size_t>> least_costly(std::span<const std::vector<Choice>> items, double most) {
  std::vector<double> costs(kParts + 1, 0);  // of the items so far in at most so many parts
  std::vector<std::vector<std::uint8_t>> taken;
  for (const std::vector<Choice>& choices : items) {
    std::vector<double> with(costs.size(), kNever);
    taken.emplace_back(costs.size());
    for (std::size_t c = 0; c < choices.size(); ++c)
      for (std::size_t size = parts_of(choices[c].size, most), end = size; end < costs.size(); ++end)
        if (const double cost = costs[end - size] + choices[c].cost; cost < with[end]) {
          with[end] = cost;
          taken.back()[end] = static_cast<std::uint8_t>(c);
        }
    costs = std::move(with);
  }
  if (costs.back() == kNever) return smallest(items, most);
  std::vector<std::size_t> choice_of(items.size());
  for (std::size_t item = items.size(), end = kParts; item-- > 0;) {
    choice_of[item] = taken[item][end];
    end -= parts_of(items[item][choice_of[item]].size, most);
  }
  return choice_of;
}

}  // namespace bw
