#include "tensor/codebooks.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

using namespace bw;

TEST_CASE("tables hold what they are said to hold") {
  CHECK(std::ranges::is_sorted(nf4()));
  CHECK(nf4()[7] == 0);
  CHECK(fp4()[1] == 1.0F / 192);
  CHECK(fp4()[3] == 1);
  for (std::size_t code = 0; code < 8; ++code) CHECK(fp4()[code + 8] == -fp4()[code]);
  CHECK(std::ranges::is_sorted(dynamic8()));
  CHECK(dynamic8()[255] == 1);
  CHECK(std::ranges::count(dynamic8(), 0.0F) == 1);
  for (const float number : dynamic8())
    if (number != 0 && number != 1) CHECK(std::ranges::find(dynamic8(), -number) != dynamic8().end());
}

TEST_CASE("codes are of the nearest number, the lower one halfway between two") {
  const std::vector<float> table{4, -1, 0, 2};  // in any order
  const NearestCodes nearest(table);
  const std::vector<float> values{-9, -1, -0.5F, -0.4F, 0, 1, 1.1F, 3, 3.1F, 9};
  std::vector<std::uint8_t> codes(values.size());
  nearest.encode(values, codes);
  CHECK(codes == std::vector<std::uint8_t>{1, 1, 1, 2, 2, 2, 3, 3, 0, 0});
}
