#include "tensor/dtype.h"

#include <catch2/catch_test_macros.hpp>

#include "base/error.h"

using namespace bw;

TEST_CASE("the table stands in the order of its numbers, and names lead back") {
  for (int number = 0; number <= 26; ++number) {
    const auto dtype = static_cast<DType>(number);
    CHECK(info(dtype).dtype == dtype);
    CHECK(dtype_named(name_of(dtype)) == dtype);
    CHECK(is_known_dtype(number) == (number > 0));
    CHECK_FALSE((info(dtype).is_float && info(dtype).is_integer));
  }
  CHECK_FALSE(is_known_dtype(27));
  CHECK_FALSE(is_known_dtype(-1));
  CHECK(dtype_named("float33") == DType::Undefined);
  CHECK_THROWS_AS(info(static_cast<DType>(200)), Error);
}

TEST_CASE("sizes round up to bytes and do not wrap") {
  CHECK(byte_size(DType::Float32, 3) == 12);
  CHECK(byte_size(DType::Int4, 0) == 0);
  CHECK(byte_size(DType::Int4, 3) == 2);
  CHECK(byte_size(DType::UInt2, 5) == 2);
  CHECK(byte_size(DType::Complex128, 2) == 32);
  CHECK_THROWS_AS(byte_size(DType::Float64, std::uint64_t{1} << 60), Error);
  CHECK_THROWS_AS(byte_size(DType::Int4, ~std::uint64_t{0}), Error);
}
