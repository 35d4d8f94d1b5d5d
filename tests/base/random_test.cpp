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
  for (int i = 3; i < 99; ++i) random.next();
  CHECK(random.next() == 0xe67446e763165cd);
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

TEST_CASE("normal numbers are exact to the last digits") {
  Random random(3), same(3);
  for (int i = 0; i < 1000; ++i) {
    double u, s;
    do {
      u = 2 * same.uniform() - 1;
      const double v = 2 * same.uniform() - 1;
      s = u * u + v * v;
    } while (s >= 1 || s == 0);
    const double expected = u * std::sqrt(-2 * std::log(s) / s);
    REQUIRE(std::fabs(random.normal() - expected) <= 1e-14 * std::fabs(expected));
  }
}

TEST_CASE("every member of the population is as likely to be in a sample") {
  Random random(11);
  std::array<int, 4> seen{};
  for (int i = 0; i < 20000; ++i)
    for (const std::size_t member : sample_without_replacement(4, 2, random)) ++seen[member];
  for (const int count : seen) CHECK(std::abs(count - 10000) < 500);
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
