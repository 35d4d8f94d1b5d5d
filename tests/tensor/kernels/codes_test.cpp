#include "tensor/kernels/codes.h"

#include <array>
#include <catch2/catch_template_test_macros.hpp>

#include "base/error.h"
#include "tensor/kernels/each_target.h"
#include "tensor/tensor.h"

using namespace bw;
using namespace bw::test;

namespace {

const ScaleGrid kGrids[] = {
    {{1, 1, 0}, 0},    {{1, 1, 1}, 0},   {{1, 1, 1000}, 0},  {{1, 1, 140001}, 0}, {{1, 5, 9}, 0},
    {{3, 4, 37}, 0},   {{33, 67, 1}, 0}, {{2, 64, 1}, 16},   {{3, 70, 1}, 32},    {{1, 48, 5}, 16},
    {{2, 33, 40}, 32}, {{1, 1, 1}, 16},  {{700, 300, 1}, 0},
};

struct Parameters {
  std::vector<float> scales;
  std::vector<std::int32_t> zero_points;
};

template <class T>
Parameters parameters(const ScaleGrid& grid, Random& random) {
  Parameters made;
  for (std::size_t i = 0; i < grid.scales(); ++i) {
    made.scales.push_back(random.below(4) ? static_cast<float>(random.uniform() * 0.1 + 1e-4)
                                          : std::ldexp(1.0F, static_cast<int>(random.below(20)) - 10));
    const auto span = static_cast<std::uint64_t>(std::numeric_limits<T>::max()) -
                      static_cast<std::uint64_t>(std::numeric_limits<T>::min());
    made.zero_points.push_back(
        static_cast<std::int32_t>(std::numeric_limits<T>::min() + static_cast<std::int64_t>(random.below(span + 1))));
  }
  return made;
}

}  // namespace

TEST_CASE("the rule, on the cases that go wrong elsewhere") {
  const auto code = [](float x, float scale, std::int32_t zero_point) {
    std::uint8_t out = 77;
    encode<std::uint8_t>(std::span(&x, 1), {{1, 1, 1}}, std::span(&scale, 1), std::span(&zero_point, 1), 0, 255,
                         std::span(&out, 1));
    return static_cast<int>(out);
  };
  CHECK(code(0.5F, 1, 0) == 0);
  CHECK(code(1.5F, 1, 0) == 2);
  CHECK(code(2.5F, 1, 0) == 2);
  CHECK(code(-0.5F, 1, 1) == 1);  // the zero point is added after rounding
  CHECK(code(std::numeric_limits<float>::infinity(), 1, 3) == 255);
  CHECK(code(-1e9F, 1, 3) == 0);
  CHECK(code(3e38F, 1e-38F, 3) == 255);
  CHECK(code(std::numeric_limits<float>::quiet_NaN(), 1, 3) == 0);
}

TEMPLATE_TEST_CASE("encode and decode give the reference's bits", "", std::int8_t, std::uint8_t, std::int16_t,
                   std::uint16_t) {
  using T = TestType;
  on_each_target([] {
    Random random(9);
    for (const ScaleGrid& grid : kGrids) {
      CAPTURE(grid.layout.outer, grid.layout.channels, grid.layout.inner, grid.block);
      const Parameters p = parameters<T>(grid, random);
      std::vector<float> values = mixed_floats(grid.layout.size(), random);
      for (std::size_t i = 0; i < values.size(); i += 97)
        values[i] = std::numeric_limits<float>::infinity() * (i % 2 ? 1.0F : -1.0F);
      if (!values.empty()) values.back() = std::numeric_limits<float>::quiet_NaN();
      const std::int32_t lowest = std::numeric_limits<T>::min() / 2, highest = std::numeric_limits<T>::max() / 2;
      for (const std::span<const std::int32_t> zeros :
           {std::span<const std::int32_t>(p.zero_points), std::span<const std::int32_t>()}) {
        std::vector<T> codes(values.size()), expected(values.size());
        encode<T>(values, grid, p.scales, zeros, lowest, highest, codes);
        reference::encode<T>(values, grid, p.scales, zeros, lowest, highest, expected);
        REQUIRE(codes == expected);
        std::vector<float> back(values.size()), expected_back(values.size());
        decode<T>(codes, grid, p.scales, zeros, back);
        reference::decode<T>(codes, grid, p.scales, zeros, expected_back);
        REQUIRE(bits_of(back) == bits_of(expected_back));
      }
    }
  });
}

TEST_CASE("half-way cases are those of the quotient and go to the even code") {
  on_each_target([] {
    constexpr float kScale = 7;
    for (const std::size_t length : {1, 3, 8, 19, 70}) {
      std::vector<float> values(length);
      for (std::size_t i = 0; i < length; ++i) values[i] = (static_cast<float>(i) + 0.5F) * kScale;  // exact
      std::vector<std::uint8_t> codes(length);
      encode<std::uint8_t>(values, {{1, 1, length}}, std::span(&kScale, 1), {}, 0, 255, codes);
      for (std::size_t i = 0; i < length; ++i) REQUIRE(codes[i] == (i + 1) / 2 * 2);
    }
  });
}

TEST_CASE("a shape seen along one of its axes") {
  const auto seen = [](const Shape& shape, int axis) {
    const auto [outer, channels, inner] = layout_along(shape, axis);
    return std::array<std::size_t, 3>{outer, channels, inner};
  };
  CHECK(seen({2, 3, 4, 5}, 0) == std::array<std::size_t, 3>{1, 2, 60});
  CHECK(seen({2, 3, 4, 5}, 1) == std::array<std::size_t, 3>{2, 3, 20});
  CHECK(seen({2, 3, 4, 5}, 3) == std::array<std::size_t, 3>{24, 5, 1});
  CHECK_THROWS_AS(layout_along(Shape{2, 3}, 2), Error);
  CHECK_THROWS_AS(layout_along(Shape{2, 3}, -1), Error);
}

TEST_CASE("which scale belongs to which value") {
  // [2, 3, 2], blocks of 2 along the middle axis: scales [2, 2, 2].
  std::vector<std::int8_t> codes(12, 1);
  std::vector<float> scales{1, 2, 3, 4, 5, 6, 7, 8}, values(12);
  decode<std::int8_t>(codes, {{2, 3, 2}, 2}, scales, {}, values);
  CHECK(values == std::vector<float>{1, 2, 1, 2, 3, 4, 5, 6, 5, 6, 7, 8});
  decode<std::int8_t>(codes, {{2, 3, 2}, 0}, std::vector<float>{1, 2, 3}, {}, values);
  CHECK(values == std::vector<float>{1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3});
}
