// The verifier on graphs made by hand: what it refuses, and the valid neighbour that it must let through.
#include "graph/verify.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <limits>

#include "badinput/sketch.h"
#include "base/error.h"

namespace bw {
namespace {

using Catch::Matchers::ContainsSubstring;
using test::attribute;
using test::integers;
using test::Sketch;
using test::zeros;

void require_refused(const Graph& graph, InputClass input_class, const std::string& says) {
  try {
    verify(graph);
    FAIL_CHECK("not refused: " << says);
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(error.input_class() == input_class);
    CHECK_THAT(std::string(error.what()), ContainsSubstring(says));
  }
}

using Operands = std::vector<Tensor>;  // constants; an undefined one becomes an input of 2x2 floats

Graph one_node(const std::string& op, const Operands& operands, std::vector<Attribute> attributes = {},
               const std::string& domain = "") {
  Sketch s;
  std::vector<ValueId> inputs;
  for (const Tensor& tensor : operands) {
    const std::string name = "in" + std::to_string(inputs.size());
    inputs.push_back(tensor.defined() ? s.constant(name, tensor) : s.input(name, DType::Float32, {2, 2}));
  }
  return s.with_output(s.node(op, std::move(inputs), std::move(attributes), "y", domain));
}

Tensor number(double value) {
  return Tensor::scalar(static_cast<float>(value));
}
const Tensor kInput;

Subgraph body(bool real_condition, std::size_t states) {
  Sketch s;
  const ValueId round = s.input("round", DType::Int64, {});
  const ValueId condition = s.input("go_on", DType::Bool, {});
  const ValueId limit = s.constant("limit", Tensor::scalar(std::int64_t{3}));
  std::vector<std::pair<ValueId, ValueType>> outputs;
  outputs.push_back(
      {real_condition ? s.node("Less", {round, limit}, {}, "less") : s.node("Identity", {condition}, {}, "same"), {}});
  for (std::size_t i = 0; i < states; ++i) {
    const std::string name = "state" + std::to_string(i);
    outputs.push_back({s.node("Identity", {s.input(name, DType::Float32, {1})}, {}, name + "_out"), {}});
  }
  return std::make_shared<const Graph>(s.with_outputs(outputs));
}

Graph loop(std::int64_t trips, Subgraph inner) {
  Sketch s;
  const ValueId count = s.constant("count", Tensor::scalar(trips));
  const ValueId condition = s.constant("condition", Tensor::scalar(true));
  const ValueId state = s.input("x", DType::Float32, {1});
  return s.with_output(s.node("Loop", {count, condition, state}, {attribute("body", std::move(inner))}));
}

TEST_CASE("a node has the inputs, outputs and attributes of its operator's row", "[verify]") {
  CHECK_NOTHROW(verify(one_node("Relu", {kInput})));
  require_refused(one_node("Relu", {}), InputClass::Semantic, "0 inputs, 1 to 1 wanted");
  require_refused(one_node("Relu", {kInput, kInput}), InputClass::Semantic, "2 inputs, 1 to 1 wanted");
  require_refused(one_node("Concat", {}, {attribute("axis", std::int64_t{0})}), InputClass::Semantic,
                  "0 inputs, at least 1 wanted");
  require_refused(one_node("LeakyRelu", {kInput}, {attribute("alpha", std::int64_t{1})}), InputClass::Semantic,
                  "'alpha' is an integer, must be a float");
  require_refused(one_node("Cast", {kInput}), InputClass::Semantic, "attribute 'to' is missing");
  // A function of the model stands before the operator of its name.
  Graph graph = one_node("Relu", {kInput, kInput});
  graph.functions.push_back({"", "Relu", "", {}, {}, one_node("Add", {kInput, kInput})});
  CHECK_NOTHROW(verify(graph));
}

}  // namespace

TEST_CASE("what a model fixes itself may not be too large") {
  const std::int64_t huge = std::int64_t{1} << 40;
  require_refused(one_node("Expand", {kInput, integers({huge})}), InputClass::Limit, "above the limit");
  require_refused(one_node("Expand", {kInput, integers({-1})}), InputClass::Semantic, "negative");
  require_refused(one_node("Tile", {kInput, integers({1 << 20, 1 << 20})}), InputClass::Limit, "above the limit");
  require_refused(one_node("Range", {number(0), number(1e12), number(1)}), InputClass::Limit, "above the limit");
  require_refused(one_node("Range", {number(0), number(1), number(0)}), InputClass::Semantic, "step");
  require_refused(one_node("Pad", {kInput, integers({0, 0, huge, 0})}), InputClass::Semantic, "pads by");
  require_refused(one_node("Pad", {kInput, integers({0, 0, 1 << 30, 0})}), InputClass::Limit, "above the limit");
  require_refused(one_node("OneHot", {zeros(DType::Int64, {2}), Tensor::scalar(huge), zeros(DType::Float32, {2})}),
                  InputClass::Limit, "above the limit");
  require_refused(one_node("HannWindow", {Tensor::scalar(std::int64_t{-4})}), InputClass::Semantic, "negative");
  require_refused(one_node("RandomNormal", {}, {attribute("shape", std::vector<std::int64_t>{huge})}),
                  InputClass::Limit, "above the limit");
  const Tensor scales = Tensor::of<float>({2}, {1e5f, 1e5f});
  require_refused(one_node("Resize", {kInput, Tensor::of<float>({0}, {}), scales}), InputClass::Limit,
                  "above the limit");
  require_refused(one_node("Resize", {kInput, Tensor::of<float>({0}, {}), Tensor::of<float>({2}, {0.0f, 1.0f})}),
                  InputClass::Semantic, "scales by 0");

  CHECK_NOTHROW(verify(one_node("Expand", {kInput, integers({3, 2, 2})})));
  CHECK_NOTHROW(verify(one_node("Tile", {kInput, integers({0, 1 << 20})})));
  CHECK_NOTHROW(verify(one_node("Range", {number(3), number(0), number(1)})));
  CHECK_NOTHROW(verify(one_node("Pad", {kInput, integers({-1, 0, 1, 0})})));
  CHECK_NOTHROW(verify(one_node("ConstantOfShape", {integers({0, 1000})})));
  CHECK_NOTHROW(verify(one_node("Resize", {kInput, Tensor::of<float>({0}, {}), Tensor::of<float>({2}, {2.0f, 0.5f})})));
}

TEST_CASE("operands must fit their operator") {
  require_refused(one_node("Gather", {zeros(DType::Float32, {2}), integers({-3})}), InputClass::Semantic, "index -3");
  require_refused(
      one_node("GatherBlockQuantized", {zeros(DType::UInt4, {2, 16}), integers({2}), zeros(DType::Float32, {2, 1})}, {},
               "com.microsoft"),
      InputClass::Semantic, "index 2");
  require_refused(one_node("GatherND", {kInput, integers({0})}, {attribute("batch_dims", std::int64_t{1})}),
                  InputClass::Semantic, "batch_dims");
  require_refused(
      one_node("LayerNormalization", {kInput, zeros(DType::Float32, {2})}, {attribute("axis", std::int64_t{2})}),
      InputClass::Semantic, "axis 2");
  require_refused(
      one_node("Conv", {kInput, zeros(DType::Float32, {3, 1, 1, 1})}, {attribute("group", std::int64_t{2})}),
      InputClass::Semantic, "multiple of group");
  require_refused(one_node("Conv", {kInput, zeros(DType::Float32, {2, 2, 0, 3})}), InputClass::Semantic, "empty");
  require_refused(one_node("Attention", {kInput, zeros(DType::Float32, {4, 10}), zeros(DType::Float32, {10})},
                           {attribute("num_heads", std::int64_t{2})}, "com.microsoft"),
                  InputClass::Semantic, "three times");

  CHECK_NOTHROW(verify(one_node("Gather", {zeros(DType::Float32, {2}), integers({-2, 1})})));
  CHECK_NOTHROW(
      verify(one_node("GatherND", {kInput, zeros(DType::Int64, {2, 1})}, {attribute("batch_dims", std::int64_t{1})})));
  CHECK_NOTHROW(verify(one_node("Div", {kInput, Tensor::scalar(std::int32_t{-1})})));
  const std::vector<Attribute> nbits{attribute("K", std::int64_t{40}), attribute("N", std::int64_t{2}),
                                     attribute("bits", std::int64_t{4}), attribute("block_size", std::int64_t{32})};
  CHECK_NOTHROW(verify(one_node(
      "MatMulNBits", {kInput, zeros(DType::UInt8, {2, 2, 16}), zeros(DType::Float32, {4}), zeros(DType::UInt8, {2})},
      nbits, "com.microsoft")));
  require_refused(one_node("MatMulNBits", {kInput, zeros(DType::UInt8, {2, 2, 16}), zeros(DType::Float32, {3})}, nbits,
                           "com.microsoft"),
                  InputClass::Semantic, "scales has 3");
}

TEST_CASE("loops that can end are let through") {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  CHECK_NOTHROW(verify(loop(most, body(true, 1))));
  CHECK_NOTHROW(verify(loop(1000, body(false, 1))));
  require_refused(loop(most, body(false, 1)), InputClass::Limit, "goes round");
  require_refused(loop(10, body(false, 2)), InputClass::Semantic, "do not fit a body");
}

TEST_CASE("limits can be set") {
  const Graph graph = one_node("Expand", {kInput, integers({1000})});
  CHECK_NOTHROW(verify(graph));
  CHECK_THROWS_AS(verify(graph, {.computed_bytes = 1000}), Error);
  CHECK_THROWS_AS(verify(graph, {.tensors = 2}), Error);
  CHECK_THROWS_AS(verify(graph, {.rank = 1}), Error);
  CHECK_THROWS_AS(verify(graph, {.bytes = 7}), Error);
  CHECK_THROWS_AS(verify(loop(1000, body(false, 1)), {.loop_trips = 999}), Error);
  CHECK_THROWS_AS(verify(loop(1000, body(false, 1)), {.subgraph_depth = 0}), Error);
  CHECK_THROWS_AS(verify(loop(1000, body(false, 1)), {.subgraphs = 0}), Error);
}

TEST_CASE("a graph that was edited wrongly is refused") {
  Graph graph = one_node("Relu", {kInput});
  Graph broken = graph;
  broken.nodes[0].inputs[0] = 99;
  CHECK_THROWS_AS(verify(broken), Error);
  broken = graph;
  broken.values[1].name = broken.values[0].name;
  require_refused(broken, InputClass::Semantic, "two values");
  broken = graph;
  broken.nodes.push_back(broken.nodes[0]);
  CHECK_THROWS_AS(verify(broken), Error);
  broken = graph;
  broken.captured.push_back(broken.inputs[0]);
  broken.inputs.clear();
  require_refused(broken, InputClass::Semantic, "no graph around");
  broken = loop(10, body(true, 1));
  Graph inner = *std::get<Subgraph>(broken.nodes[0].attributes[0].data);
  inner.values.emplace_back().name = "nowhere";
  inner.captured.push_back(static_cast<ValueId>(inner.values.size() - 1));
  broken.nodes[0].attributes[0].data = std::make_shared<const Graph>(inner);
  require_refused(broken, InputClass::Semantic, "not in the graph around");
}

}  // namespace bw
