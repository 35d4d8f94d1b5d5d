#include "tensor/kernels/combine.h"

#include "tensor/kernels/each_target.h"

using namespace bw;
using namespace bw::test;

TEST_CASE("combine adds up rows with their factors") {
  std::vector<float> rows(2 * kCombined), out(kCombined, -1);
  for (std::size_t c = 0; c < kCombined; ++c) {
    rows[c] = static_cast<float>(c);
    rows[kCombined + c] = 1;
  }
  combine(std::vector<float>{2, -1}, rows.data(), std::span<float, kCombined>(out));
  for (std::size_t c = 0; c < kCombined; ++c) CHECK(out[c] == static_cast<float>(2 * c) - 1);
  combine({}, nullptr, std::span<float, kCombined>(out));
  CHECK(out == std::vector<float>(kCombined));
}

TEST_CASE("combine gives the reference's bits") {
  on_each_target([] {
    Random random(6);
    for (const std::size_t count : {1, 2, 7, 300}) {
      const std::vector<float> factors = normal_floats(count, random), rows = normal_floats(count * kCombined, random);
      std::vector<float> made(kCombined), expected(kCombined);
      combine(factors, rows.data(), std::span<float, kCombined>(made));
      reference::combine(factors, rows.data(), std::span<float, kCombined>(expected));
      REQUIRE(bits_of(made) == bits_of(expected));
    }
  });
}
