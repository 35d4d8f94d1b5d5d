#include "base/random.h"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <set>

#include "base/error.h"

using namespace bw;

TEST_CASE("the stream of a seed is fixed for good") {
  // Computed by an independent implementation of splitmix64 and xoshiro256** (seed 42).
  Random random(42);
  CHECK(random.next() == 0x15780b2e0c2ec716);
  CHECK(random.next() == 0x6104d9866d113a7e);
  CHECK(random.next() == 0xae17533239e499a1);
}

TEST_CASE("numbers are where they must be, and as frequent") {
  Random random(1);
  std::array<int, 7> seen{};
  for (int i = 0; i < 70000; ++i) ++seen[random.below(7)];
  for (const int count : seen) CHECK(std::abs(count - 10000) < 500);
  double sum = 0, squares = 0, fourths = 0;
  constexpr int kCount = 200000;
  for (int i = 0; i < kCount; ++i) {
    const double u = random.uniform(), x = random.normal();
    REQUIRE((u >= 0 && u < 1));
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
  }
  CHECK(std::fabs(sum / kCount) < 0.01);
  CHECK(std::fabs(squares / kCount - 1) < 0.02);
  CHECK(std::fabs(fourths / kCount - 3) < 0.1);
  CHECK_THROWS_AS(random.below(0), Error);
}

TEST_CASE("a sample has no repetitions and covers its population") {
  Random random(7);
  const auto all = sample_without_replacement(100, 100, random);
  CHECK(std::set(all.begin(), all.end()).size() == 100);
  const auto some = sample_without_replacement(1000, 10, random);
  CHECK(std::set(some.begin(), some.end()).size() == 10);
  CHECK(*std::max_element(some.begin(), some.end()) < 1000);
  CHECK(sample_without_replacement(0, 0, random).empty());
  CHECK_THROWS_AS(sample_without_replacement(3, 4, random), Error);
}
