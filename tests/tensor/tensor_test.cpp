#include "tensor/tensor.h"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <limits>

#include "base/error.h"

using namespace bw;

namespace {
InputClass class_of_refusal(const Shape& shape) {
  try {
    element_count(shape);
  } catch (const Error& error) {
    return error.input_class();
  }
  return InputClass::None;
}
}  // namespace

TEST_CASE("element counts are exact or refused") {
  CHECK(element_count({}) == 1);
  CHECK(element_count(Shape{2, 3, 4}) == 24);
  CHECK(element_count(Shape{2, 0}) == 0);
  CHECK(element_count(Shape{std::int64_t{1} << 62}) == std::uint64_t{1} << 62);
  for (const Shape& shape : {Shape{-1}, Shape{2, -3}, Shape{0, -1}, Shape{std::int64_t{1} << 62, 4},
                             Shape{std::int64_t{1} << 62, 4, 0}, Shape{4194305, 4194305, 211106198978564}})
    CHECK(class_of_refusal(shape) == InputClass::Limit);
}

TEST_CASE("a tensor keeps its bytes alive and shares them") {
  const Tensor a = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  const Tensor b = a;
  CHECK(a.bytes().data() == b.bytes().data());
  CHECK(b.data<float>()[3] == 4);
  CHECK(b.reshaped({4}).shape() == Shape{4});
  CHECK_THROWS_AS(b.reshaped({5}), Error);
  CHECK_THROWS_AS(b.reshaped({3}), Error);
  CHECK_THROWS_AS(b.data<double>(), Error);
  CHECK_FALSE(Tensor());
  CHECK(Tensor::scalar<std::int64_t>(7).rank() == 0);
  CHECK(Tensor::of<float>({0}, {}).size() == 0);
  CHECK(to_string(a.shape()) == "[2, 2]");
}

TEST_CASE("wrapped bytes must be as many as the shape says, and misaligned ones are copied") {
  const auto memory = std::make_shared<std::vector<std::byte>>(17);
  const std::span<const std::byte> all(*memory);
  const Tensor aligned = Tensor::wrap(DType::Float32, {4}, all.first(16), memory);
  CHECK(aligned.bytes().data() == memory->data());
  const Tensor misaligned = Tensor::wrap(DType::Float32, {4}, all.subspan(1), memory);
  CHECK(reinterpret_cast<std::uintptr_t>(misaligned.bytes().data()) % 4 == 0);
  CHECK(misaligned == aligned);
  CHECK_THROWS_AS(Tensor::wrap(DType::Float32, {4}, all, memory), Error);
  CHECK_THROWS_AS(Tensor::wrap(DType::String, {0}, {}, memory), Error);
  CHECK(Tensor::wrap(DType::Int4, {3}, all.first(2), memory).size() == 3);
}

TEST_CASE("equality is of dtype, shape and bits") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(Tensor::of<float>({2}, {nan, 1}) == Tensor::of<float>({2}, {nan, 1}));
  CHECK_FALSE(Tensor::of<float>({1}, {0.0F}) == Tensor::of<float>({1}, {-0.0F}));
  CHECK_FALSE(Tensor::of<float>({1, 2}, {1, 2}) == Tensor::of<float>({2}, {1, 2}));
  CHECK_FALSE(Tensor::of<std::int32_t>({1}, {0}) == Tensor::of<float>({1}, {0}));
  CHECK(Tensor::of_strings({2}, {"a", "b"}) == Tensor::of_strings({2}, {"a", "b"}));
  CHECK_FALSE(Tensor::of_strings({2}, {"a", "b"}) == Tensor::of_strings({2}, {"a", "c"}));
  CHECK_THROWS_AS(Tensor::of_strings({3}, {"a"}), Error);
}

TEST_CASE("memory that cannot be had is an error, not a crash") {
  CHECK_THROWS_AS(Tensor::make(DType::Float64, {std::int64_t{1} << 58}, [](auto) {}), Error);
}
