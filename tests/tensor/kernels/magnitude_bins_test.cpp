#include "tensor/kernels/magnitude_bins.h"

#include "tensor/kernels/each_target.h"

using namespace bw;
using namespace bw::test;

TEST_CASE("bins are closed below and open above, by sign, zeros apart") {
  std::vector<std::uint64_t> counts(8);
  const std::vector<float> values{0.0F, -0.0F, 0.5F,    1.0F,   std::nextafter(2.0F, 0.0F),
                                  2.0F, -1.0F, -3.999F, 1e-45F, -1e-45F};
  CHECK(count_magnitudes(values, 0, counts) == Counted{10, 2, -3.999F, 2.0F});
  CHECK(counts == std::vector<std::uint64_t>{2, 2, 1, 0, 1, 1, 0, 1});
}

TEST_CASE("count_magnitudes counts as the reference does") {
  on_each_target([] {
    Random random(8);
    for (const int exponent : {-126, -30, -8, 0, 5, 116, 126})
      for (const std::size_t length : lengths()) {
        std::vector<float> values = mixed_floats(length + 1, random);
        for (float& value : values)  // into the range that the bins have
          while (std::fabs(value) >= std::ldexp(32.0, exponent)) value *= 0x1p-20F;
        std::vector<std::uint64_t> counts(64, 3), expected(64, 3);
        const auto span = std::span<const float>(values).subspan(1);
        const Counted counted = count_magnitudes(span, exponent, counts);
        REQUIRE(counted == reference::count_magnitudes(span, exponent, expected));
        REQUIRE(counted.values == length);
        REQUIRE(counts == expected);
      }
  });
}

TEST_CASE("count_magnitudes stops before the values among which one has no bin") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNaN = std::numeric_limits<float>::quiet_NaN();
  on_each_target([] {
    for (const float bad : {4.0F, -4.0F, 1e30F, kInfinity, -kInfinity, kNaN, -kNaN})
      for (const std::size_t at : {std::size_t{0}, std::size_t{5}, kCountedTogether - 1, kCountedTogether,
                                   3 * kCountedTogether + 2, 3 * kCountedTogether + 6}) {
        std::vector<float> values(3 * kCountedTogether + 7, -3.5F);
        values[at] = bad;
        CAPTURE(bad, at);
        std::vector<std::uint64_t> counts(8), expected(8);
        const Counted counted = count_magnitudes(values, 0, counts);
        REQUIRE(counted == reference::count_magnitudes(values, 0, expected));
        REQUIRE(counted.values == at / kCountedTogether * kCountedTogether);
        REQUIRE(counts == expected);
      }
  });
}

TEST_CASE("what is smallest and largest is known of the counted values alone") {
  on_each_target([] {
    std::vector<std::uint64_t> counts(8);
    std::vector<float> values(kCountedTogether + 3, -0.0F);
    CHECK(count_magnitudes(values, 0, counts) == Counted{values.size(), values.size(), 0, 0});
    CHECK_FALSE(std::signbit(count_magnitudes(values, 0, counts).low));
    values[kCountedTogether - 1] = 2;
    values[kCountedTogether] = -3;
    values[kCountedTogether + 2] = 5;
    CHECK(count_magnitudes(values, 0, counts) == Counted{kCountedTogether, kCountedTogether - 1, 0, 2});
    values[kCountedTogether + 2] = 1;
    CHECK(count_magnitudes(values, 0, counts) == Counted{values.size(), kCountedTogether, -3, 2});
    const std::vector<float> few{-1.0F, -2.0F, -1.5F};
    CHECK(count_magnitudes(few, 0, counts) == Counted{3, 0, -2, -1});
    CHECK(count_magnitudes({}, 0, counts) == Counted{});
  });
}

TEST_CASE("without bins there is room for zeros alone") {
  on_each_target([] {
    CHECK(count_magnitudes(std::vector<float>(20, 0.0F), 0, {}) == Counted{20, 20, 0, 0});
    CHECK(count_magnitudes(std::vector<float>{0.0F, 1e-45F}, 0, {}) == Counted{});
    std::vector<std::uint64_t> counts(8);
    const float largest = std::numeric_limits<float>::max();
    CHECK(count_magnitudes(std::vector<float>{largest}, 126, counts) == Counted{1, 0, largest, largest});
  });
}
