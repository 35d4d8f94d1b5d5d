// The knapsack against trying every choice.
#include "method/knapsack.h"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <limits>

#include "base/random.h"

using namespace bw;

namespace {

using Items = std::vector<std::vector<Choice>>;

double cost_of(const Items& items, const std::vector<std::size_t>& taken) {
  double cost = 0;
  for (std::size_t i = 0; i < items.size(); ++i) cost += items[i][taken[i]].cost;
  return cost;
}
double size_of(const Items& items, const std::vector<std::size_t>& taken) {
  double size = 0;
  for (std::size_t i = 0; i < items.size(); ++i) size += items[i][taken[i]].size;
  return size;
}

// Infinite where nothing fits.
double least_by_trying(const Items& items, double most, std::size_t item = 0, double size = 0, double cost = 0) {
  if (size > most) return std::numeric_limits<double>::infinity();
  if (item == items.size()) return cost;
  double least = std::numeric_limits<double>::infinity();
  for (const Choice& choice : items[item])
    least = std::min(least, least_by_trying(items, most, item + 1, size + choice.size, cost + choice.cost));
  return least;
}

}  // namespace

TEST_CASE("what is taken costs least of all that fits") {
  Random random(1);
  for (int round = 0; round < 40; ++round) {
    Items items(6);
    double all = 0;
    for (auto& item : items)
      for (int c = 0; c < 3; ++c) {
        item.push_back({std::floor(1 + 60 * random.uniform()), random.uniform()});
        all += item.back().size / 3;
      }
    const double most = std::floor(all * (0.4 + 0.8 * random.uniform()));
    CAPTURE(round, most);
    const double wanted = least_by_trying(items, most);
    if (std::isinf(wanted)) {
      CHECK_FALSE(least_costly(items, most));
      continue;
    }
    const auto found = least_costly(items, most);
    REQUIRE(found);
    CHECK(size_of(items, *found) <= most);
    // Sizes are rounded up by less than a part each.
    CHECK(cost_of(items, *found) <= least_by_trying(items, most * (1 - 6.0 / 16384)));
    CHECK(cost_of(items, *found) >= wanted);
  }
}

TEST_CASE("of equal costs the first choice is taken, and what just fits is found") {
  CHECK(least_costly(Items{{{5, 1}, {3, 1}}}, 10) == std::vector<std::size_t>{0});
  CHECK(least_costly(Items{{{1.0 / 3, 1}}, {{2.0 / 3, 1}, {1, 0}}}, 1) == std::vector<std::size_t>{0, 0});
  CHECK(least_costly(Items{}, 0) == std::vector<std::size_t>{});
  CHECK_FALSE(least_costly(Items{{{1, 1}}}, 0));
}
