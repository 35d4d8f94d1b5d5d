#include "tensor/kernels/reduce.h"

#include <algorithm>

#include "tensor/kernels/each_target.h"

using namespace bw;
using namespace bw::test;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

void require_same(const MinMax& a, const MinMax& b) {
  REQUIRE(a.not_finite == b.not_finite);
  REQUIRE(std::bit_cast<std::uint32_t>(a.low) == std::bit_cast<std::uint32_t>(b.low));
  REQUIRE(std::bit_cast<std::uint32_t>(a.high) == std::bit_cast<std::uint32_t>(b.high));
}

}  // namespace

TEST_CASE("smallest and largest element") {
  CHECK(min_max({}) == MinMax{0, 0, MinMax::kNone});
  CHECK(min_max(std::vector<float>{3, -1, 2}) == MinMax{-1, 3, MinMax::kNone});
  CHECK_FALSE(std::signbit(min_max(std::vector<float>{-0.0F, -0.0F}).low));
  CHECK(min_max(std::vector<float>{1, kNaN, kInfinity}).not_finite == 1);
  CHECK(min_max(std::vector<float>{1, 2, -kInfinity}).not_finite == 2);
}

TEST_CASE("min_max gives the reference's bits") {
  on_each_target([] {
    Random random(5);
    for (const std::size_t length : lengths())
      for (const std::size_t offset : {0, 1, 3}) {
        std::vector<float> values = mixed_floats(length + offset, random);
        const auto span = std::span<const float>(values).subspan(offset);
        require_same(min_max(span), reference::min_max(span));
        if (length == 0) continue;
        const float bad[] = {kNaN, kInfinity, -kInfinity, -kNaN};
        values[offset + random.below(length)] = bad[random.below(4)];
        require_same(min_max(span), reference::min_max(span));
      }
    std::vector<float> large = normal_floats(700001, random);
    require_same(min_max(large), reference::min_max(large));
    large[650000] = kNaN;
    large[300001] = kInfinity;
    REQUIRE(min_max(large).not_finite == 300001);
  });
}

TEST_CASE("channel_min_max gives the reference's bits") {
  on_each_target([] {
    Random random(6);
    for (const Layout layout : {Layout{1, 1, 1}, Layout{1, 5, 9}, Layout{3, 4, 7}, Layout{2, 3, 1}, Layout{40, 67, 1},
                                Layout{5, 700, 1}, Layout{2, 3, 100}, Layout{0, 3, 2}, Layout{1, 2, 300000}}) {
      std::vector<float> values = mixed_floats(layout.size(), random);
      std::vector<float> low(layout.channels, 9), high(layout.channels, 9), low2 = low, high2 = high;
      REQUIRE(channel_min_max(values, layout, low, high) == MinMax::kNone);
      REQUIRE(reference::channel_min_max(values, layout, low2, high2) == MinMax::kNone);
      REQUIRE(bits_of(low) == bits_of(low2));
      REQUIRE(bits_of(high) == bits_of(high2));
      if (values.empty()) continue;
      const std::size_t at = random.below(values.size());
      values[at] = random.below(2) ? kNaN : -kInfinity;
      REQUIRE(channel_min_max(values, layout, low, high) == at);
    }
  });
}

TEST_CASE("moments give the reference's bits") {
  on_each_target([] {
    Random random(7);
    for (const std::size_t length : lengths()) {
      const std::vector<float> values = mixed_floats(length, random);
      REQUIRE(moments(values) == reference::moments(values));
      const std::vector<float> normal = normal_floats(length + 1, random);
      REQUIRE(moments(std::span(normal).subspan(1)) == reference::moments(std::span(normal).subspan(1)));
    }
  });
  CHECK(moments(std::vector<float>{1, 2, -4}) == Moments{-1, 21});
}
