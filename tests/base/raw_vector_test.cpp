#include "base/raw_vector.h"

#include <catch2/catch_test_macros.hpp>
#include <cstdint>

namespace bw {
namespace {

TEST_CASE("a raw vector holds what is written, small and large") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, kHugePage - 1, kHugePage, 3 * kHugePage + 5}) {
    RawVector<std::uint8_t> bytes(size);
    REQUIRE(bytes.size() == size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31);
    const RawVector<std::uint8_t> copy = bytes;
    bytes.resize(size + 7, 9);
    REQUIRE(bytes.back() == 9);
    bytes.resize(size);
    CHECK(copy == bytes);
    if (size >= kHugePage) CHECK(reinterpret_cast<std::uintptr_t>(copy.data()) % kHugePage == 0);
  }
  CHECK_THROWS_AS(allocate_huge(static_cast<std::size_t>(-1) - 5), std::bad_alloc);
}

}  // namespace
}  // namespace bw
