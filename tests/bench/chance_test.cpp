#include "bench/chance.h"

#include <catch2/catch_test_macros.hpp>

#include "measure/statistics.h"

using namespace bw;

TEST_CASE("a model at chance level is told from one that has learned something") {
  std::vector<std::int64_t> even, uneven(100, 0);
  for (int i = 0; i < 100; ++i) even.push_back(i % 10);
  uneven[3] = 1;
  const auto warning = [](std::uint64_t hits, std::uint64_t count, const auto& labels, std::int64_t classes = 10) {
    return chance_warning(share_figure(hits, count), labels, classes);
  };
  CHECK(warning(112, 1000, even).find("11.2 %") != std::string::npos);
  CHECK(warning(150, 1000, even).empty());
  std::vector<std::int64_t> skewed(100, 1);
  std::fill(skewed.begin(), skewed.begin() + 23, 0);
  CHECK(warning(42, 48, skewed, 2).empty());  // 87.5 % against 77 %: not told apart by 48 samples, but no chance level
  CHECK(warning(0, 100, even).find("right on none") != std::string::npos);
  CHECK_FALSE(warning(99, 100, uneven, 2).empty());  // naming class 0 always is as good
  CHECK(warning(100, 100, std::vector<std::int64_t>(100, 0))
            .empty());  // one class seen: a draw of ten would be right on ten
  CHECK(chance_warning({}, even, 10).empty());
}
