// What apply() makes of each kind of decision: the canonical graph, node by node, with numbers worked out by hand.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "graph/evaluate.h"
#include "graph/text.h"
#include "plan/apply_steps.h"
#include "plan/plan.h"
#include "tensor/convert.h"

using namespace bw;
using Numbers = std::vector<std::int64_t>;

namespace {

Graph graph_of(const std::string& body) {
  return parse_graph(fmt::format("ir_version 10\nopset \"\" 21\ngraph \"g\" {{\n{}}}\n", body));
}

Plan plan_for(std::map<std::string, NodePlan> nodes) {
  Plan plan;
  plan.nodes = std::move(nodes);
  return plan;
}

NodePlan decided(Precision compute, std::map<int, QParams> operands = {}) {
  return {.compute = compute, .reason = "", .operands = std::move(operands)};
}

std::size_t count(const Graph& graph, std::string_view op) {
  return static_cast<std::size_t>(std::ranges::count_if(graph.nodes, [&](const Node& n) { return n.op_type == op; }));
}

const Node& named(const Graph& graph, const char* node) {
  REQUIRE(graph.find_node(node) != kNoNode);
  return graph.node(graph.find_node(node));
}

const Node& producer(const Graph& graph, ValueId value) {
  const auto found = std::ranges::find_if(graph.nodes, [&](const Node& n) { return n.output(0) == value; });
  REQUIRE(found != graph.nodes.end());
  return *found;
}

DType dtype(const Graph& graph, ValueId value) {
  return graph.value(value).type.dtype;
}

// Two products and a sum of them, with one weight.
Graph twice() {
  return graph_of(
      "  input %x: float32[N,2]\n  const %w: float32[2,2] = float32[2,2] {1, 2, 3, 4}\n"
      "  %a: float32[N,2] = MatMul(%x, %w) @ \"a\"\n  %b: float32[N,2] = MatMul(%a, %w) @ \"b\"\n"
      "  %y: float32[N,2] = Add(%a, %b) @ \"y\"\n  output %y: float32[N,2]\n");
}

QParams of_int8(float scale) {
  return {.scheme = {.code = DType::Int8, .symmetric = true}, .scales = {scale}, .zero_points = {0}};
}

}  // namespace

// --- constants

TEST_CASE("constants of a plan take the place of the graph's") {
  const Graph graph = twice();
  Plan plan = plan_for({});
  const Tensor unit = Tensor::of<float>({2, 2}, {1, 0, 0, 1});
  plan.edits = {ReplaceConstant{"w", unit}};
  const Tensor x = Tensor::of<float>({1, 2}, {3, 5});
  CHECK(to_floats(evaluate(apply(graph, plan), {{"x", x}}).front()) == std::vector<float>{6, 10});
  plan.edits.push_back(ReplaceConstant{"a", unit});
  CHECK_THROWS_AS(apply(graph, plan), Error);  // it is computed
}

TEST_CASE("a constant that nodes share is coded once for each set of parameters") {
  const Graph graph = twice();
  const auto nodes = [](float of_b) {
    return std::map<std::string, NodePlan>{{"a", decided(Precision::Integer, {{1, of_int8(0.5f)}})},
                                           {"b", decided(Precision::Integer, {{1, of_int8(of_b)}})}};
  };
  CHECK(count(apply(graph, plan_for(nodes(0.5f))), "DequantizeLinear") == 1);
  CHECK(count(apply(graph, plan_for(nodes(0.25f))), "DequantizeLinear") == 2);
}

TEST_CASE("what is rounded by the reciprocal is rounded as the runtime's own block quantizer does it") {
  // x times 1 / scale, half away from zero; a division, or half to even, gives other codes.
  const QParams blocks{.scheme = {.code = DType::UInt8,
                                  .granularity = Granularity::Block,
                                  .axis = 0,
                                  .block_size = 8,
                                  .rounding = Rounding::ReciprocalHalfAway},
                       .scales = {0.1f},
                       .zero_points = {100}};
  const Tensor x = Tensor::of<float>({8}, {0.05f, 0.25f, -0.25f, -0.15f, 1e9f, -1e9f, 0.35f, 0.45f});
  CHECK(to_int64s(quantize(x, blocks)) == Numbers{101, 103, 98, 99, 255, 0, 104, 105});
  std::size_t differ = 0;
  for (int i = 1; i < 4000; ++i) {
    const float scale = 0.001f * static_cast<float>(i), number = scale * 49.5f;
    const QParams one{.scheme = blocks.scheme, .scales = {scale}, .zero_points = {0}};
    const auto code = to_int64s(quantize(Tensor::of<float>({1}, {number}), one)).front();
    CHECK(code == static_cast<std::int64_t>(std::round(number * (1.0f / scale))));
    differ += code != static_cast<std::int64_t>(std::round(number / scale));
  }
  CHECK(differ > 0);
}

TEST_CASE("a decoder says how its scales lie: along an axis, in blocks, or one for all") {
  const Graph graph = twice();
  const auto decoder = [&](Scheme scheme, std::size_t scales) {
    const QParams params{.scheme = scheme, .scales = std::vector<float>(scales, 1), .zero_points = {}};
    const Graph applied = apply(graph, plan_for({{"a", decided(Precision::Float32, {{1, params}})}}));
    return std::pair(producer(applied, named(applied, "a").input(1)),
                     applied.value(producer(applied, named(applied, "a").input(1)).input(1)).initializer.shape());
  };
  const auto [whole, none] = decoder({.code = DType::Int8}, 1);
  CHECK(whole.attributes.empty());
  CHECK(none.empty());
  const auto [columns, two] = decoder({.code = DType::Int8, .granularity = Granularity::Channel, .axis = 0}, 2);
  CHECK(columns.int_or("axis", -1) == 0);
  CHECK(columns.find("block_size") == nullptr);
  CHECK(two == Shape{2});
  const auto [blocks, grid] =
      decoder({.code = DType::UInt8, .granularity = Granularity::Block, .axis = 0, .block_size = 16}, 2);
  CHECK(blocks.int_or("axis", -1) == 0);
  CHECK(blocks.int_or("block_size", -1) == 16);
  CHECK(grid == Shape{1, 2});
}

TEST_CASE("biases are rounded half to even, and stay inside int32") {
  const QParams params{.scheme = {.code = DType::Int32, .symmetric = true}, .scales = {0.5f}, .zero_points = {0}};
  const Tensor bias = Tensor::of<float>({7}, {0.25f, 0.75f, -0.25f, -0.75f, 1.4f, 3e9f, -3e9f});
  CHECK(to_int64s(quantize(bias, params)) == Numbers{0, 2, 0, -2, 3, 2147483647, -2147483647});
  // 1e8 / 0.3 (as float32 has them) to the last digit, where float32 steps by 32.
  const QParams fine{.scheme = params.scheme, .scales = {0.3f}, .zero_points = {0}};
  CHECK(to_int64s(quantize(Tensor::of<float>({1}, {1e8f}), fine)) == Numbers{333333320});
}

TEST_CASE("a bfloat16 constant is widened before its node") {
  const Graph graph = twice();
  const QParams half{.scheme = {.code = DType::BFloat16}, .scales = {}, .zero_points = {}};
  const Graph applied = apply(graph, plan_for({{"a", decided(Precision::Float32, {{1, half}})}}));
  const Node& cast = producer(applied, named(applied, "a").input(1));
  CHECK(cast.op_type == "Cast");
  CHECK(cast.int_or("to", 0) == static_cast<int>(DType::Float32));
  CHECK(applied.value(cast.input(0)).initializer.dtype() == DType::BFloat16);
  CHECK(applied.value(named(applied, "b").input(1)).name == "w");
}

// --- activations

TEST_CASE("codes of an integer node reach everybody, codes before it reach only integer nodes") {
  const Graph graph = twice();
  Plan plan = plan_for({{"a", decided(Precision::Integer, {{1, of_int8(0.5f)}})}});
  const QParams codes{.scheme = {.code = DType::UInt8}, .scales = {0.125f}, .zero_points = {9}};
  plan.values = {{"x", codes}, {"a", codes}};
  const Graph applied = apply(graph, plan);
  CHECK(count(applied, "QuantizeLinear") == 2);
  for (const char* node : {"a", "b"}) {
    const Node& decode = producer(applied, named(applied, node).input(0));
    CHECK(decode.op_type == "DequantizeLinear");
    CHECK(to_floats(applied.value(decode.input(1)).initializer) == std::vector<float>{0.125f});
    CHECK(to_int64s(applied.value(decode.input(2)).initializer) == Numbers{9});
    CHECK(dtype(applied, decode.input(0)) == DType::UInt8);
  }
  // The sum reads codes of %a, and %b as it is.
  CHECK(producer(applied, named(applied, "y").input(0)).op_type == "DequantizeLinear");
  CHECK(producer(applied, named(applied, "y").input(1)).op_type == "MatMul");

  const Graph beside = graph_of(
      "  input %x: float32[N,2]\n  const %w: float32[2,2] = float32[2,2] {1, 2, 3, 4}\n"
      "  %a: float32[N,2] = MatMul(%x, %w) @ \"a\"\n  %b: float32[N,2] = Neg(%x) @ \"b\"\n"
      "  output %a: float32[N,2]\n  output %b: float32[N,2]\n");
  Plan one = plan_for({{"a", decided(Precision::Integer, {{1, of_int8(0.5f)}})}});
  one.values = {{"x", codes}};
  const Graph result = apply(beside, one);
  CHECK(producer(result, named(result, "a").input(0)).op_type == "DequantizeLinear");
  CHECK(result.value(named(result, "b").input(0)).name == "x");
}

TEST_CASE("codes of a graph's output are decoded for it, under its name") {
  const Graph graph = graph_of(
      "  input %x: float32[N,2]\n  const %w: float32[2,2] = float32[2,2] {1, 2, 3, 4}\n"
      "  %y: float32[N,2] = MatMul(%x, %w) @ \"y\"\n  output %y: float32[N,2]\n");
  Plan plan = plan_for({{"y", decided(Precision::Integer, {{1, of_int8(0.5f)}})}});
  plan.values["y"] = {.scheme = {.code = DType::UInt8}, .scales = {0.125f}, .zero_points = {9}};
  const Graph applied = apply(graph, plan);
  CHECK(applied.value(applied.outputs[0]).name == "y");
  CHECK(producer(applied, applied.outputs[0]).op_type == "DequantizeLinear");
}

TEST_CASE("dynamic nodes are marked, and share the codes of what they read") {
  const Graph graph = graph_of(
      "  input %x: float32[N,2]\n  const %w: float32[2,2] = float32[2,2] {1, 2, 3, 4}\n"
      "  const %v: float32[2,3] = float32[2,3] {1, 2, 3, 4, 5, 6}\n"
      "  %a: float32[N,2] = MatMul(%x, %w) @ \"a\"\n  %b: float32[N,3] = MatMul(%x, %v) @ \"b\"\n"
      "  %c: float32[N,2] = MatMul(%a, %w) @ \"c\"\n"
      "  output %b: float32[N,3]\n  output %c: float32[N,2]\n");
  const NodePlan dynamic = decided(Precision::Dynamic, {{1, of_int8(0.5f)}});
  const Graph applied = apply(graph, plan_for({{"a", dynamic}, {"b", dynamic}}));
  CHECK(count(applied, "DynamicQuantizeLinear") == 1);
  CHECK(named(applied, "a").input(0) == named(applied, "b").input(0));
  for (const auto& [node, marked] : {std::pair{"a", true}, {"b", true}, {"c", false}})
    CHECK(std::ranges::any_of(named(applied, node).metadata, [](const auto& entry) {
            return entry.first == kPrecisionKey && entry.second == "dynamic";
          }) == marked);
}

// --- float16

namespace {

const NodePlan kHalf = decided(Precision::Float16);

}  // namespace

TEST_CASE("casts stand where float16 begins and ends, and nowhere between") {
  const Graph graph = twice();
  const Graph whole = apply(graph, plan_for({{"a", kHalf}, {"b", kHalf}, {"y", kHalf}}));
  CHECK(count(whole, "Cast") == 2);
  CHECK(dtype(whole, whole.outputs[0]) == DType::Float32);
  CHECK(whole.value(whole.outputs[0]).name == "y");
  CHECK(whole.value(named(whole, "a").input(1)).initializer.dtype() == DType::Float16);
  CHECK(named(whole, "a").input(1) == named(whole, "b").input(1));
  const Graph middle = apply(graph, plan_for({{"b", kHalf}}));
  CHECK(count(middle, "Cast") == 2);
  CHECK(dtype(middle, named(middle, "b").input(0)) == DType::Float16);
  CHECK(dtype(middle, named(middle, "y").input(1)) == DType::Float32);
  CHECK(dtype(middle, named(middle, "a").input(1)) == DType::Float32);
}

TEST_CASE("a Cast to float32 that is to be float16 casts to float16") {
  const Graph graph = graph_of(
      "  input %i: int32[N,2]\n  const %w: float32[2,2] = float32[2,2] {1, 2, 3, 4}\n"
      "  %x: float32[N,2] = Cast(%i) {to = 1} @ \"c\"\n  %d: float64[N,2] = Cast(%x) {to = 11} @ \"d\"\n"
      "  %y: float32[N,2] = MatMul(%x, %w) @ \"y\"\n  output %y: float32[N,2]\n  output %d: float64[N,2]\n");
  const Graph applied = apply(graph, plan_for({{"c", kHalf}, {"d", kHalf}, {"y", kHalf}}));
  CHECK(named(applied, "c").int_or("to", 0) == static_cast<int>(DType::Float16));
  CHECK(named(applied, "d").int_or("to", 0) == static_cast<int>(DType::Float64));
  CHECK(dtype(applied, named(applied, "c").output(0)) == DType::Float16);
  CHECK(count(applied, "Cast") == 3);
}

TEST_CASE("numbers beyond float16 become its largest, infinities stay") {
  const Graph graph = graph_of(
      "  input %x: float32[4]\n  const %c: float32[4] = float32[4] {1e9, -1e9, -inf, 0.5}\n"
      "  %y: float32[4] = Max(%x, %c) @ \"y\"\n  output %y: float32[4]\n");
  const Graph applied = apply(graph, plan_for({{"y", kHalf}}));
  const std::vector<float> held = to_floats(applied.value(named(applied, "y").input(1)).initializer);
  CHECK(held == std::vector<float>{65504, -65504, -std::numeric_limits<float>::infinity(), 0.5f});
}

// --- what a plan may not say

TEST_CASE("a plan is for one graph, and names only what is there") {
  const Graph graph = twice();
  const auto refused = [&](Plan plan) {
    try {
      apply(graph, plan);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::Quantization);
      return std::string(error.what());
    }
    return std::string("applied");
  };
  CHECK(refused(plan_for({{"nobody", decided(Precision::Integer)}})).find("node 'nobody'") != std::string::npos);
  Plan value = plan_for({});
  value.values["nothing"] = of_int8(1);
  CHECK(refused(value).find("value 'nothing'") != std::string::npos);
  CHECK(refused(plan_for({{"a", decided(Precision::Integer, {{4, of_int8(1)}})}})).find("has no input 4") !=
        std::string::npos);
  CHECK(refused(plan_for({{"b", decided(Precision::Integer, {{0, of_int8(1)}})}})).find("is no float32 constant") !=
        std::string::npos);
}
