#include "plan/scheme.h"

#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "tensor/convert.h"

using namespace bw;

namespace {
const Scheme kU8{.code = DType::UInt8};
const Scheme kS8Symmetric{.code = DType::Int8, .symmetric = true};
}  // namespace

TEST_CASE("scale and zero point follow onnxruntime's rule") {
  struct Row {
    Range range;
    Scheme scheme;
    ScaleZeroPoint expected;
  };
  Scheme reduced = kS8Symmetric;
  reduced.reduced_range = true;
  const Row rows[] = {
      {{-1, 2}, kU8, {static_cast<float>(3.0 / 255), 85}},
      {{-1, 2}, kS8Symmetric, {static_cast<float>(2.0 / 127), 0}},
      {{0.5f, 2}, kU8, {static_cast<float>(2.0 / 255), 0}},
      {{-3, -1}, kU8, {static_cast<float>(3.0 / 255), 255}},
      {{-1, 1}, reduced, {1.0f / 64, 0}},
      {{0, 0}, kU8, {1, 0}},
      {{-1e-40f, 1e-40f}, kU8, {1, 0}},
      {{-1, 1}, {.code = DType::UInt8, .symmetric = true}, {static_cast<float>(2.0 / 255), 128}},
      {{-1, 1}, {.code = DType::Int4, .symmetric = true}, {static_cast<float>(2.0 / 15), 0}},
  };
  for (const Row& row : rows) {
    INFO(to_string(row.scheme) << " of [" << row.range.low << ", " << row.range.high << "]");
    const ScaleZeroPoint met = scale_and_zero_point(row.range, row.scheme);
    CHECK(met.scale == row.expected.scale);
    CHECK(met.zero_point == row.expected.zero_point);
  }
}

TEST_CASE("quantize rounds half to even, before the zero point is added, and saturates") {
  const QParams params{.scheme = kU8, .scales = {1}, .zero_points = {1}};
  const Tensor x = Tensor::of<float>({7}, {0.5f, 1.5f, 2.5f, -0.5f, -0.6f, 1e9f, -1e9f});
  CHECK(to_int64s(quantize(x, params)) == std::vector<std::int64_t>{1, 3, 3, 1, 0, 255, 0});
}

TEST_CASE("codes stand for their distance from the zero point, times the scale") {
  const QParams params{.scheme = {.code = DType::UInt8, .granularity = Granularity::Channel, .axis = 1},
                       .scales = {0.5f, 2},
                       .zero_points = {10, 200}};
  const Tensor codes = Tensor::of<std::uint8_t>({2, 2}, {12, 199, 0, 255});
  CHECK(to_floats(dequantize(codes, params)) == std::vector<float>{1, -2, -5, 110});
}

TEST_CASE("a reduced range clips its codes") {
  Scheme scheme{.code = DType::UInt8, .reduced_range = true};
  const QParams params = params_of_constant(Tensor::of<float>({2}, {-1.0f, 1.0f}), scheme);
  for (const std::int64_t code : to_int64s(quantize(Tensor::of<float>({2}, {-9.0f, 9.0f}), params)))
    CHECK((code >= 0 && code <= 127));
}

TEST_CASE("codes may use fewer bits than their type has") {
  const auto range = [](DType code, int bits) {
    const CodeRange codes = code_range({.code = code, .bits = bits});
    return std::pair(codes.lowest, codes.highest);
  };
  CHECK(range(DType::UInt4, 3) == std::pair<std::int64_t, std::int64_t>{0, 7});
  CHECK(range(DType::Int8, 5) == std::pair<std::int64_t, std::int64_t>{-16, 15});
  CHECK(range(DType::UInt8, 0) == std::pair<std::int64_t, std::int64_t>{0, 255});
  const QParams params = params_of_constant(Tensor::of<float>({3}, {-1.0f, 0.5f, 1.0f}),
                                            {.code = DType::Int4, .symmetric = true, .bits = 3});
  CHECK(to_int64s(quantize(Tensor::of<float>({3}, {-9.0f, 0.0f, 9.0f}), params)) ==
        std::vector<std::int64_t>{-4, 0, 3});
  CHECK(to_string(params.scheme) == "s3 symmetric");
}

TEST_CASE("channels and blocks have scales of their own") {
  const Tensor w = Tensor::of<float>({2, 4}, {1, 2, 3, 4, -10, 20, -30, 40});
  const QParams channels =
      params_of_constant(w, {.code = DType::Int8, .granularity = Granularity::Channel, .axis = 0, .symmetric = true});
  REQUIRE(channels.scales.size() == 2);
  CHECK(channels.scales[1] == static_cast<float>(80.0 / 254));
  const QParams blocks = params_of_constant(
      w, {.code = DType::Int8, .granularity = Granularity::Block, .axis = 1, .block_size = 3, .symmetric = true});
  REQUIRE(blocks.scales.size() == 4);
  const std::vector<float> back = to_floats(dequantize(quantize(w, blocks), blocks));
  for (std::size_t i = 0; i < back.size(); ++i)
    CHECK(std::abs(back[i] - w.data<float>()[i]) <= 0.5001f * blocks.scales[i / 4 * 2 + i % 4 / 3]);
}

TEST_CASE("a value that is not finite is refused with its index") {
  const Tensor w = Tensor::of<float>({2}, {1.0f, std::numeric_limits<float>::quiet_NaN()});
  try {
    params_of_constant(w, kS8Symmetric);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.message().find("index 1") != std::string::npos);
  }
}

TEST_CASE("constants are rounded as the scheme says") {
  const Tensor x = Tensor::of<float>({4}, {0.5f, 1.5f, 2.5f, -0.5f});
  const auto codes = [&](DType code, Rounding rounding, float zero_point) {
    const Tensor coded =
        quantize(x, {.scheme = {.code = code, .rounding = rounding}, .scales = {1}, .zero_points = {zero_point}});
    return to_int64s(coded);
  };
  using Codes = std::vector<std::int64_t>;
  CHECK(codes(DType::UInt8, Rounding::HalfToEven, 8) == Codes{8, 10, 10, 8});
  CHECK(codes(DType::UInt8, Rounding::ReciprocalHalfAway, 8) == Codes{9, 10, 11, 8});
  CHECK(codes(DType::Int8, Rounding::HalfToEven, 0) == Codes{0, 2, 2, 0});
  CHECK_THROWS_AS(codes(DType::Int8, Rounding::ReciprocalHalfAway, 0), Error);
}
