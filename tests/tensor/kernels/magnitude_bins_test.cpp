#include "tensor/kernels/magnitude_bins.h"

#include "tensor/kernels/each_target.h"

using namespace bw;
using namespace bw::test;

TEST_CASE("bins are closed below and open above, by sign, zeros apart") {
  std::vector<std::uint64_t> counts(8);
  const std::vector<float> values{0.0F, -0.0F, 0.5F,    1.0F,   std::nextafter(2.0F, 0.0F),
                                  2.0F, -1.0F, -3.999F, 1e-45F, -1e-45F};
  CHECK(count_magnitudes(values, 0, counts) == 2);
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
        const std::uint64_t zeros = count_magnitudes(span, exponent, counts);
        REQUIRE(zeros == reference::count_magnitudes(span, exponent, expected));
        REQUIRE(counts == expected);
      }
  });
}
