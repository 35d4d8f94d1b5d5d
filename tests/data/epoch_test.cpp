#include "data/epoch.h"

#include <catch2/catch_test_macros.hpp>
#include <set>

#include "archive/make.h"
#include "folder.h"

using namespace bw;
using namespace bw::test;

TEST_CASE("an epoch is every sample once, in an order of its own, as often as it is asked for") {
  const Folder folder;
  const auto numbers = [](std::span<std::int64_t> out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::int64_t>(i);
  };
  put(folder.path() / "test.npz",
      zip({{.name = "x.npy", .content = npy(Tensor::fill<std::int64_t>({20, 1}, numbers))}}));
  const InputSignature input{"x", DType::Int64, {Dim{-1, "N"}, Dim{1, {}}}};
  const Split split =
      open_dataset(folder.path() / "test.npz", std::span(&input, 1), {.allow_overlap = true}).evaluation();
  REQUIRE(split.size() == 20);
  std::set<std::vector<std::size_t>> orders;
  for (const std::uint64_t seed : {0, 1})
    for (std::uint64_t number = 0; number < 5; ++number) {
      const std::vector<std::size_t> order = epoch(split, number, seed);
      CHECK(order == epoch(split, number, seed));
      CHECK(order.size() == 20);
      CHECK(std::set(order.begin(), order.end()).size() == 20);
      orders.insert(order);
    }
  CHECK(orders.size() == 10);
  const std::vector<std::size_t> third = epoch(split, 2, 0);
  Stream pass(split, third);
  for (const std::size_t index : third) CHECK(pass.next()->index == index);
  CHECK_FALSE(pass.next());
}
