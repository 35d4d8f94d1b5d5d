// Codes that a plan gives itself, and what they stand for beyond a scale and a zero point: codebooks, zero points of
// floats, narrow scales, scales that are codes themselves. The graph is evaluated by ONNX's own operators.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "graph/evaluate.h"
#include "graph/text.h"
#include "plan/plan.h"
#include "tensor/convert.h"
#include "tensor/packing.h"

using namespace bw;
using Floats = std::vector<float>;

namespace {

// The constant [2,4] itself is the output (plus nothing).
Graph constant() {
  return parse_graph(
      "ir_version 10\nopset \"\" 21\ngraph \"g\" {\n  input %x: float32[2,4]\n"
      "  const %w: float32[2,4] = float32[2,4] {1, 2, 3, 4, 5, 6, 7, 8}\n"
      "  %y: float32[2,4] = Add(%x, %w) @ \"y\"\n  output %y: float32[2,4]\n}\n");
}

Tensor codes_of(DType dtype, std::vector<std::int64_t> codes) {
  return cast(Tensor::of<std::int64_t>({2, 4}, std::span<const std::int64_t>(codes)), dtype);
}

// What the graph's operators make of it; dequantize() must say the same.
Floats numbers(const QParams& params) {
  Plan plan;
  plan.nodes["y"].operands[1] = params;
  const Graph applied = apply(constant(), plan);
  const Floats computed = to_floats(evaluate(applied, {{"x", Tensor::of<float>({2, 4}, Floats(8, 0.0f))}}).front());
  const Tensor w = constant().value(constant().find("w")).initializer;
  CHECK(to_floats(dequantize(quantize(w, params), params)) == computed);
  return computed;
}

std::string refusal(const QParams& params) {
  Plan plan;
  plan.nodes["y"].operands[1] = params;
  try {
    apply(constant(), plan);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Quantization);
    return error.what();
  }
  return "applied";
}

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != text.npos;
}

Scheme in_blocks(DType code, std::int64_t size, int axis = 1) {
  return {.code = code, .granularity = Granularity::Block, .axis = axis, .block_size = size};
}

QParams with_codes(Scheme scheme, Floats scales, std::vector<std::int64_t> codes, Floats zero_points = {}) {
  QParams params{.scheme = scheme, .scales = std::move(scales), .zero_points = std::move(zero_points)};
  params.codes = codes_of(scheme.code, std::move(codes));
  return params;
}

}  // namespace

TEST_CASE("codes of the plan are taken as they are, not rounded anew") {
  const QParams params = with_codes({.code = DType::Int8}, {0.5f}, {1, 2, 3, 4, -5, -6, -7, -8}, {1});
  CHECK(numbers(params) == Floats{0, 0.5f, 1, 1.5f, -3, -3.5f, -4, -4.5f});
}

TEST_CASE("a code of a codebook is its number there, times the scale") {
  QParams params = with_codes(in_blocks(DType::UInt4, 2), {1, 10, 100, 1000}, {0, 1, 2, 3, 3, 2, 1, 0});
  params.codebook = {-1, -0.25f, 0.5f, 1};
  CHECK(numbers(params) == Floats{-1, -0.25f, 5, 10, 100, 50, -250, -1000});
  params.scheme = in_blocks(DType::UInt4, 2, 0);  // down the columns: one block each
  CHECK(numbers(params) == Floats{-1, -2.5f, 50, 1000, 1, 5, -25, -1000});
  params.scheme = in_blocks(DType::UInt4, 1);
  params.scales = {1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(numbers(params) == Floats{-1, -0.5f, 1.5f, 4, 5, 3, -1.75f, -8});
  params.scheme = {.code = DType::UInt4, .granularity = Granularity::Channel, .axis = 0};
  params.scales = {1, 10};
  CHECK(numbers(params) == Floats{-1, -0.25f, 0.5f, 1, 10, 5, -2.5f, -10});
  params.scheme = {.code = DType::UInt4};
  params.scales = {2};
  CHECK(numbers(params) == Floats{-2, -0.5f, 1, 2, 2, 1, -0.5f, -2});
}

TEST_CASE("zero points may be floats") {
  QParams params = with_codes(in_blocks(DType::UInt4, 4), {2, 0.5f}, {0, 1, 2, 3, 4, 5, 6, 7}, {0.5f, 4.25f});
  params.scheme.zero_point = DType::Float16;
  CHECK(numbers(params) == Floats{-1, 1, 3, 5, -0.125f, 0.375f, 0.875f, 1.375f});
  params.zero_points = {0.1f, 0};
  CHECK(has(refusal(params), "a zero point is no number of float16"));
}

TEST_CASE("scales are stored in the type that is said, which must hold them") {
  QParams params = with_codes(in_blocks(DType::Int8, 2), {1, 0.5f, 4, 1024}, {1, 2, 3, 4, 5, 6, 7, 8});
  for (const DType type : {DType::Float16, DType::BFloat16}) {
    params.scheme.scale = type;
    CHECK(numbers(params) == Floats{1, 2, 1.5f, 2, 20, 24, 7168, 8192});
    Plan plan;
    plan.nodes["y"].operands[1] = params;
    const Graph applied = apply(constant(), plan);
    CHECK(applied.value(applied.find("w_scale")).initializer.dtype() == type);
  }
  params.scales[1] = 0.3f;
  CHECK(has(refusal(params), "a scale is no number of bfloat16"));
}

TEST_CASE("codes that are floats are the numbers, times the scale if there is one") {
  QParams params{.scheme = {.code = DType::Float16}, .scales = {}, .zero_points = {}};
  CHECK(numbers(params) == Floats{1, 2, 3, 4, 5, 6, 7, 8});
  params.scales = {2};
  params.codes = codes_of(DType::Float16, {1, 2, 3, 4, 5, 6, 7, 9});
  CHECK(numbers(params) == Floats{2, 4, 6, 8, 10, 12, 14, 18});
}

TEST_CASE("scales that are codes are decoded first: their own scales, blocks, codebook and offset") {
  NestedScales nested{.params = {.scheme = {.code = DType::UInt8, .granularity = Granularity::Block, .block_size = 2},
                                 .scales = {0.5f, 2},
                                 .zero_points = {}},
                      .offset = 0.25f};
  nested.params.codes = Tensor::of<std::uint8_t>({4}, {1, 2, 1, 0});
  nested.params.codebook = {4, 1, -1};
  QParams params = with_codes(in_blocks(DType::UInt4, 2), decoded(nested), {1, 2, 3, 4, 5, 6, 7, 8}, {});
  params.nested = std::make_shared<const NestedScales>(nested);
  CHECK(params.scales == Floats{0.75f, -0.25f, 2.25f, 8.25f});
  CHECK(numbers(params) == Floats{0.75f, 1.5f, -0.75f, -1, 11.25f, 13.5f, 57.75f, 66});
  params.codebook = Floats(16, 3.0f);
  CHECK(numbers(params) == Floats{2.25f, 2.25f, -0.75f, -0.75f, 6.75f, 6.75f, 24.75f, 24.75f});
}

TEST_CASE("blocks may end with their axis, where the formula is spelled out as well") {
  QParams params = with_codes(in_blocks(DType::UInt4, 3), {1, 2, 3, 4}, {0, 1, 1, 0, 0, 1, 1, 1});
  params.codebook = {10, 20};
  CHECK(numbers(params) == Floats{10, 20, 20, 20, 30, 60, 60, 80});
  params.zero_points = {1, 0, 0, 2};
  CHECK(numbers(params) == Floats{9, 19, 19, 20, 30, 60, 60, 72});
}

TEST_CASE("a bias stands in place of a zero point") {
  QParams params = with_codes(in_blocks(DType::UInt4, 2), {1, 2, -1, 0.5f}, {1, 2, 3, 4, 5, 6, 7, 8}, {});
  params.biases = {10, 0, 1, -4};
  CHECK(numbers(params) == Floats{11, 12, 6, 8, -4, -5, -0.5f, 0});
  params.zero_points = {1, 1, 1, 1};
  CHECK(has(refusal(params), "4 biases and 4 zero points"));
  params.zero_points.clear();
  params.biases.pop_back();
  CHECK(has(refusal(params), "3 biases and 0 zero points"));
  params.biases.push_back(0);
  params.codes = {};
  CHECK(has(refusal(params), "follow from no rule"));
}

TEST_CASE("nested scales may lie row by row of a matrix whose columns the scales follow, and end within a block") {
  NestedScales nested{.params = {.scheme = {.code = DType::UInt8, .granularity = Granularity::Block, .block_size = 3},
                                 .scales = {1, 2},
                                 .zero_points = {}},
                      .offset = 0,
                      .rows = 2};
  nested.params.codes = Tensor::of<std::uint8_t>({4}, {0, 1, 2, 1});
  nested.params.codebook = {0.5f, 1, 4};
  CHECK(decoded(nested) == Floats{0.5f, 4, 1, 2});
  QParams params = with_codes(in_blocks(DType::UInt4, 2), decoded(nested), {1, 2, 3, 4, 5, 6, 7, 8}, {});
  params.nested = std::make_shared<const NestedScales>(nested);
  CHECK(numbers(params) == Floats{0.5f, 1, 12, 16, 5, 6, 14, 16});
  nested.rows = 3;
  CHECK_THROWS_AS(decoded(nested), Error);
}

TEST_CASE("codes that do not fit their constant are refused") {
  const auto codes = [](DType dtype, Shape shape) {
    return Tensor::make(dtype, std::move(shape), [](std::span<std::byte>) {});
  };
  QParams params{.scheme = {.code = DType::Int8}, .scales = {1}, .zero_points = {}};
  params.codes = codes(DType::Int8, {4, 2});
  CHECK(has(refusal(params), "codes are int8[4, 2] where int8[2, 4] are needed"));
  params.codes = codes(DType::UInt8, {2, 4});
  CHECK(has(refusal(params), "codes are uint8[2, 4] where int8[2, 4] are needed"));
  QParams book = with_codes({.code = DType::UInt4}, {1}, {0, 1, 2, 0, 0, 0, 0, 0});
  book.codebook = {1, 2};
  CHECK(has(refusal(book), "code 2 at index 2 is beyond a codebook of 2 numbers"));
  book.codes = {};
  CHECK(has(refusal(book), "follow from no rule"));
}
