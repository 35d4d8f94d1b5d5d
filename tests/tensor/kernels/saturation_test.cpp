#include "tensor/kernels/saturation.h"

#include <algorithm>

#include "tensor/kernels/each_target.h"

using namespace bw;
using namespace bw::test;

TEST_CASE("all pairs of weights, by the instruction's definition") {
  for (const int activation_max : {255, 127, 200, 128, 1, 0}) {
    std::uint32_t wrong = 0;
    for (int a = -128; a < 128; ++a)
      for (int b = -128; b < 128; ++b) {
        const std::int8_t pair[2] = {static_cast<std::int8_t>(a), static_cast<std::int8_t>(b)};
        std::uint32_t count = 0;
        count_saturating_pairs(pair, 2, activation_max, std::span(&count, 1));
        // The extremes of u0 * a + u1 * b over codes lie at the corners.
        bool leaves = false;
        for (const int u0 : {0, activation_max})
          for (const int u1 : {0, activation_max})
            leaves = leaves || u0 * a + u1 * b > 32767 || u0 * a + u1 * b < -32768;
        wrong += count != (leaves ? 1U : 0U);
      }
    CHECK(wrong == 0);
  }
}

TEST_CASE("count_saturating_pairs counts as the reference does") {
  on_each_target([] {
    Random random(10);
    for (const std::size_t row_length : {0, 1, 2, 3, 16, 17, 31, 64, 65, 127, 1000})
      for (const std::size_t rows : {1, 3, 50}) {
        std::vector<std::int8_t> weights(rows * row_length);
        for (std::int8_t& weight : weights) weight = static_cast<std::int8_t>(random.next());
        std::vector<std::uint32_t> counts(rows, 9), expected(rows, 8);
        count_saturating_pairs(weights, row_length, 255, counts);
        reference::count_saturating_pairs(weights, row_length, 255, expected);
        REQUIRE(counts == expected);
      }
  });
}
