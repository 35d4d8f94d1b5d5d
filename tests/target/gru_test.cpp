// GRUs whose gates are taken apart: they compute what the GRU computes, up to activations of 8 bits.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "base/random.h"
#include "graph/evaluate.h"
#include "graph/links.h"
#include "graph/text.h"
#include "graph/verify.h"
#include "plan/apply_steps.h"
#include "target/lower/onnxruntime.h"
#include "tensor/convert.h"

using namespace bw;

namespace {

constexpr int kHidden = 2, kWidth = 3;

// "  const %NAME: TYPE[...] = ..." of whole numbers from low to high, times `unit`.
std::string constant(const std::string& name, const char* type, const Shape& shape, int low, int high, double unit) {
  Random random(element_count(shape) + name.size());
  std::string list, dims;
  for (const std::int64_t dim : shape) dims += fmt::format("{}{}", dims.empty() ? "" : ",", dim);
  for (std::size_t i = 0; i < element_count(shape); ++i)
    list += fmt::format("{}{}", list.empty() ? "" : ", ",
                        unit * (low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1)))));
  return fmt::format("  const %{0}: {1}[{2}] = {1}[{2}] {{{3}}}\n", name, type, dims, list);
}

struct Form {
  std::string attributes = {};
  std::string operands = ", %b";
  int directions = 1;
  bool by_row = true;  // scales of rows, else of directions
};

// A canonical graph with a GRU called "gru" that is marked dynamic; its outputs are %y and %h.
Graph gru(const Form& form) {
  const int directions = form.directions;
  const auto weight = [&](const std::string& name, int width) {
    const Shape scales = form.by_row ? Shape{directions, 3 * kHidden, 1} : Shape{directions};
    return constant(name + "q", "int8", {directions, 3 * kHidden, width}, -100, 100, 1) +
           constant(name + "s", "float32", scales, 1, 9, 0.002) +
           fmt::format("  %{0}: float32[{1},{2},{3}] = DequantizeLinear(%{0}q, %{0}s) {{axis = {4}}}\n", name,
                       directions, 3 * kHidden, width,
                       form.by_row ? fmt::format("2, block_size = {}", width) : std::string("0"));
  };
  Graph graph = parse_graph(fmt::format(
      "ir_version 10\nopset \"\" 21\ngraph \"g\" {{\n  input %x: float32[S,N,{1}]\n  input %h0: float32[{0},N,{2}]\n"
      "  input %lengths: int32[N]\n{3}{4}{5}  %computed: float32[{0},{6}] = Neg(%b)\n"
      "  %y: float32[S,{0},N,{2}], %h: float32[{0},N,{2}] = GRU(%x, %w, %r{7}) {{hidden_size = {2}{8}}} @ \"gru\"\n"
      "  output %y: float32[S,{0},N,{2}]\n  output %h: float32[{0},N,{2}]\n}}\n",
      directions, kWidth, kHidden, weight("w", kWidth), weight("r", kHidden),
      constant("b", "float32", {directions, 6 * kHidden}, -9, 9, 0.1), 6 * kHidden, form.operands, form.attributes));
  graph.node(graph.find_node("gru")).metadata = {{std::string(kPrecisionKey), "dynamic"}};
  return graph;
}

Graph lowered(const Graph& graph) {
  const Target& target = target_named("cpu");
  return target.lower(graph, Arguments(target.name, target.parameters, {})).graph;
}

std::map<std::string, Tensor> inputs_of(int directions) {
  Random random(5);
  const auto normal = [&](const Shape& shape) {
    return Tensor::fill<float>(shape, [&](std::span<float> out) {
      for (float& x : out) x = static_cast<float>(random.normal());
    });
  };
  return {{"x", normal({4, 2, kWidth})},
          {"h0", normal({directions, 2, kHidden})},
          {"lengths", Tensor::of<std::int32_t>({2}, {4, 4})}};
}

std::size_t count(const Graph& graph, std::string_view op) {
  return static_cast<std::size_t>(std::ranges::count(graph.nodes, op, &Node::op_type));
}

void computes_the_same(const Form& form) {
  const Graph graph = gru(form), other = lowered(graph);
  verify(other);
  CHECK(count(other, "GRU") == 0);
  CHECK(count(other, "Scan") == static_cast<std::size_t>(form.directions));
  const auto inputs = inputs_of(form.directions);
  const std::vector<Tensor> wanted = evaluate(graph, inputs), met = evaluate(other, inputs);
  for (std::size_t output = 0; output < wanted.size(); ++output) {
    REQUIRE(met[output].shape() == wanted[output].shape());
    const std::vector<float> a = to_floats(met[output]), b = to_floats(wanted[output]);
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == Catch::Approx(b[i]).margin(0.02));
  }
}

std::string refusal(const Graph& graph) {
  try {
    lowered(graph);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Quantization);
    return error.message();
  }
  return "";
}

}  // namespace

TEST_CASE("a GRU taken apart computes the same, in every direction and form") {
  for (const char* direction : {"forward", "reverse", "bidirectional"})
    for (const int linear : {0, 1})
      for (const bool by_row : {true, false})
        for (const char* operands : {"", ", %b", ", _, _, %h0", ", %b, _, %h0"}) {
          INFO(direction << ", linear_before_reset = " << linear << ", by row " << by_row << ", operands" << operands);
          computes_the_same(
              {.attributes = fmt::format(", direction = \"{}\", linear_before_reset = {}", direction, linear),
               .operands = operands,
               .directions = std::string_view(direction) == "bidirectional" ? 2 : 1,
               .by_row = by_row});
        }
}

TEST_CASE("outputs keep their names and places, and those that nobody asks for are not made") {
  const Graph both = lowered(gru({}));
  CHECK(both.value(both.outputs[0]).name == "y");
  CHECK(both.value(both.outputs[1]).name == "h");
  CHECK(count(both, "Concat") == 3);  // two outputs, the shape of the first state
  Graph last = gru({});
  last.node(last.find_node("gru")).outputs[0] = kNoValue;
  last.outputs.erase(last.outputs.begin());
  const Graph other = lowered(last);
  verify(other);
  CHECK(count(other, "Concat") == 2);
  CHECK(to_floats(evaluate(other, inputs_of(1)).at(0)) == to_floats(evaluate(both, inputs_of(1)).at(1)));
}

TEST_CASE("a step reads codes once where the reset gate comes behind the product") {
  const auto quantizers = [](const std::string& attributes) {
    const Graph graph = lowered(gru({.attributes = attributes}));
    const auto scan = std::ranges::find(graph.nodes, std::string("Scan"), &Node::op_type);
    const Subgraph body = std::get<Subgraph>(scan->find("body")->data);
    CHECK(count(*body, "MatMulInteger") == 2);
    for (const Node& node : body->nodes) CHECK(std::ranges::count(node.inputs, kNoValue) == 0);
    CHECK(count(graph, "DynamicQuantizeLinear") == 1);
    return count(*body, "DynamicQuantizeLinear");
  };
  CHECK(quantizers(", linear_before_reset = 1") == 1);
  CHECK(quantizers("") == 2);
}

TEST_CASE("names inside a step hide none around it") {
  Graph graph = gru({});
  graph.value(graph.find("computed")).name = "gru_dynamic_0_step_after";
  graph.outputs.push_back(graph.find("gru_dynamic_0_step_after"));
  const Graph other = lowered(graph);
  verify(other);
  CHECK(evaluate(other, inputs_of(1)).size() == 3);
  for (const Node& node : other.nodes)
    for_each_subgraph(node, [&](const Subgraph& body) {
      for (const Value& value : body->values) CHECK(other.find(value.name) == kNoValue);
    });
}

TEST_CASE("what products cannot do of a GRU is refused") {
  const std::string start = "the GRU 'gru' cannot be dynamic: ";
  CHECK(refusal(gru({.attributes = ", activations = strings [\"Sigmoid\", \"Tanh\"]"})).empty());
  CHECK(refusal(gru({.operands = ", %b, %lengths"})) == start + "lengths of sequences have no integer form");
  for (const char* attribute : {", clip = 3f", ", activations = strings [\"Sigmoid\", \"Relu\"]", ", layout = 1"})
    CHECK(refusal(gru({.attributes = attribute})) == start + "its attributes have no integer form");
  CHECK(refusal(gru({.operands = ", %computed"})) == start + "its bias is not constant");
  CHECK(refusal(gru({.attributes = ", direction = \"bidirectional\""})) ==
        start + "its weights do not have the shapes of a GRU");
  for (const char* weight : {"w", "r"})
    for (const Shape& shape : {Shape{2, 3 * kHidden, kHidden}, {1, 4 * kHidden, kHidden}, {1, 3 * kHidden, 0}}) {
      Graph graph = gru({});
      graph.value(graph.find(weight)).type = ValueType::tensor(DType::Float32, shape);
      CHECK(refusal(graph) == start + "its weights do not have the shapes of a GRU");
    }
}
