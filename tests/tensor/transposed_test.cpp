#include "tensor/transposed.h"

#include <catch2/catch_test_macros.hpp>
#include <cstdint>

namespace bw {
namespace {

TEST_CASE("rows and columns of each matrix are exchanged", "[transposed]") {
  const std::vector<int> two{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  CHECK(transposed(std::span<const int>(two), 2, 3) == std::vector<int>{1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12});
  CHECK(transposed(std::span<const int>(two), 12, 1) == two);
  CHECK(transposed(std::span<const int>(), 0, 3).empty());
}

TEST_CASE("a matrix of several tiles comes back after two exchanges", "[transposed]") {
  constexpr std::size_t kRows = 70, kColumns = 33;
  std::vector<std::int32_t> matrix(kRows * kColumns);
  for (std::size_t i = 0; i < matrix.size(); ++i) matrix[i] = static_cast<std::int32_t>(i);
  const std::vector<std::int32_t> turned = transposed(std::span<const std::int32_t>(matrix), kRows, kColumns);
  CHECK(turned[5 * kRows + 40] == matrix[40 * kColumns + 5]);
  CHECK(transposed(std::span<const std::int32_t>(turned), kColumns, kRows) == matrix);
}

}  // namespace
}  // namespace bw
