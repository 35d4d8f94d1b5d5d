#include "tensor/float_types.h"

#include <bit>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "base/random.h"

using namespace bw;

namespace {

// Independent: the nearest of all values of a 16-bit type, ties to the even code, by arithmetic in double.
template <class T>
std::uint16_t nearest(float value, int mantissa_bits, int least_exponent, std::uint16_t infinity) {
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const double magnitude = std::fabs(static_cast<double>(value));
  if (magnitude == 0) return sign;
  const int exponent = std::max(std::ilogb(magnitude), least_exponent);
  const double step = std::ldexp(1.0, exponent - mantissa_bits), rounded = std::nearbyint(magnitude / step) * step;
  std::uint16_t low = 0, high = infinity;
  while (low < high) {  // codes of one sign are in the order of their values
    const auto middle = static_cast<std::uint16_t>((low + high) / 2);
    if (static_cast<double>(to_float(T{middle})) < rounded)
      low = middle + 1;
    else
      high = middle;
  }
  return sign | low;
}

std::vector<float> probes() {
  std::vector<float> values;
  Random random(3);
  for (int i = 0; i < 200000; ++i) {
    const float value = std::bit_cast<float>(static_cast<std::uint32_t>(random.next()));
    if (!std::isnan(value)) values.push_back(value);
  }
  for (std::uint32_t code = 0; code < 0x7C00; ++code) {  // halves, the middles between them, and beside the middles
    const float here = to_float(Half{static_cast<std::uint16_t>(code)});
    const float next = code == 0x7BFF ? 65536.0F : to_float(Half{static_cast<std::uint16_t>(code + 1)});
    const float middle = here + (next - here) / 2;
    for (const float value : {here, middle, std::nextafter(middle, 0.0F), std::nextafter(middle, 1e9F)}) {
      values.push_back(value);
      values.push_back(-value);
    }
  }
  return values;
}

}  // namespace

TEST_CASE("every half goes through float and back") {
  for (std::uint32_t code = 0; code <= 0xFFFF; ++code) {
    const Half half{static_cast<std::uint16_t>(code)};
    if ((code & 0x7FFF) > 0x7C00) {
      REQUIRE(std::isnan(to_float(half)));
      REQUIRE(to_half(to_float(half)).bits == (code | 0x200));
    } else {
      REQUIRE(to_half(to_float(half)) == half);
    }
    const BFloat16 brain{static_cast<std::uint16_t>(code)};
    if ((code & 0x7FFF) <= 0x7F80)
      REQUIRE(to_bfloat16(to_float(brain)) == brain);
    else
      REQUIRE(std::isnan(to_float(to_bfloat16(to_float(brain)))));
  }
  CHECK(to_float(Half{0x3C00}) == 1);
  CHECK(to_float(Half{0x0001}) == 0x1p-24F);
  CHECK(to_float(Half{0xFBFF}) == -65504);
  CHECK(std::isinf(to_float(Half{0x7C00})));
}

TEST_CASE("rounding is half to even, over ties, subnormals and overflow") {
  for (const float value : probes()) {
    CAPTURE(value);
    if (std::fabs(value) < 65520)
      REQUIRE(to_half(value).bits == nearest<Half>(value, 10, -14, 0x7C00));
    else
      REQUIRE((to_half(value).bits & 0x7FFF) == 0x7C00);
    if (std::fabs(value) < 3.3e38F) REQUIRE(to_bfloat16(value).bits == nearest<BFloat16>(value, 7, -126, 0x7F80));
  }
  CHECK(to_half(65519.996F).bits == 0x7BFF);
  CHECK(to_half(65520.0F).bits == 0x7C00);
  CHECK(to_bfloat16(std::numeric_limits<float>::max()).bits == 0x7F80);
  CHECK(std::isnan(to_float(to_half(std::bit_cast<float>(0x7F800001U)))));
  CHECK(std::isnan(to_float(to_bfloat16(std::bit_cast<float>(0xFF800001U)))));
}
