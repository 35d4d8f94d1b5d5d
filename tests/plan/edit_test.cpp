// Edits of the graph, one kind at a time, with numbers worked out by hand; and what does not fit.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "graph/evaluate.h"
#include "graph/text.h"
#include "plan/edit.h"
#include "plan/plan.h"
#include "tensor/convert.h"

using namespace bw;
using Floats = std::vector<float>;

namespace {

// x [1,2] times %w [2,3] plus %b gives %h; its Relu times %v [3,2] gives %y. %w stands in two products.
Graph two_layers() {
  return parse_graph(
      "ir_version 10\nopset \"\" 21\ngraph \"g\" {\n  input %x: float32[1,2]\n"
      "  const %w: float32[2,3] = float32[2,3] {1, 2, 3, 4, 5, 6}\n  const %b: float32[3] = float32[3] {1, 0, -100}\n"
      "  const %v: float32[3,2] = float32[3,2] {1, 0, 0, 1, 1, 1}\n"
      "  %p: float32[1,3] = MatMul(%x, %w) @ \"p\"\n  %q: float32[1,3] = MatMul(%x, %w) @ \"q\"\n"
      "  %h: float32[1,3] = Add(%p, %b) @ \"h\"\n  %r: float32[1,3] = Relu(%h) @ \"r\"\n"
      "  %y: float32[1,2] = MatMul(%r, %v) @ \"y\"\n  output %y: float32[1,2]\n  output %q: float32[1,3]\n}\n");
}

// Both outputs for x = {1, 1}: w gives {5, 7, 9}, the Relu {6, 7, 0}.
std::vector<Floats> outputs(const Graph& graph) {
  std::vector<Floats> all;
  for (const Tensor& output : evaluate(graph, {{"x", Tensor::of<float>({1, 2}, {1, 1})}}))
    all.push_back(to_floats(output));
  return all;
}

std::vector<Floats> after(std::vector<Edit> edits) {
  return outputs(edited(two_layers(), edits));
}

std::string refusal(std::vector<Edit> edits) {
  try {
    edited(two_layers(), edits);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Quantization);
    return error.what();
  }
  return "edited";
}

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("no edits change nothing") {
  CHECK(content_hash(edited(two_layers(), {})) == content_hash(two_layers()));
  CHECK(after({}) == std::vector<Floats>{{6, 7}, {5, 7, 9}});
}

TEST_CASE("a constant's slices are multiplied, along the axis that is said") {
  CHECK(after({ScaleConstant{"w", 1, {1, 2, 0.5f}}}) == std::vector<Floats>{{6, 14}, {5, 14, 4.5f}});
  CHECK(after({ScaleConstant{"w", 0, {1, 0}}}) == std::vector<Floats>{{2, 2}, {1, 2, 3}});
  CHECK(after({ScaleConstant{"b", 0, {1, 1, -1}}}) == std::vector<Floats>{{115, 116}, {5, 7, 9}});
}

TEST_CASE("edits are carried out in order, each on what those before it left") {
  const Tensor ones = Tensor::of<float>({2, 3}, {1, 1, 1, 1, 1, 1});
  CHECK(after({ReplaceConstant{"w", ones}, ScaleConstant{"w", 1, {2, 3, 4}}})[1] == Floats{4, 6, 8});
  CHECK(after({ScaleConstant{"w", 1, {2, 3, 4}}, ReplaceConstant{"w", ones}})[1] == Floats{2, 2, 2});
}

TEST_CASE("a node with a copy of a constant leaves the others theirs") {
  CHECK(after({CopyConstant{"p", 1, "w of p"}, ScaleConstant{"w of p", 1, {2, 0, 1}}}) ==
        std::vector<Floats>{{11, 0}, {5, 7, 9}});
}

TEST_CASE("channels are removed wherever the edits say, and the others keep their order") {
  const CopyConstant own{"p", 1, "w of p"};  // %q is an output of three columns
  const std::vector<Edit> edits{own, RemoveChannels{"w of p", 1, {1}}, RemoveChannels{"b", 0, {1}},
                                RemoveChannels{"v", 0, {1}}};
  const Graph graph = edited(two_layers(), edits);
  CHECK(outputs(graph) == std::vector<Floats>{{6, 0}, {5, 7, 9}});
  const auto shape = [&](const char* name) { return *graph.value(graph.find(name)).type.static_shape(); };
  CHECK(shape("w of p") == Shape{2, 2});
  for (const char* name : {"p", "h", "r"}) CHECK(shape(name) == Shape{1, 2});
  CHECK(after({own, RemoveChannels{"w of p", 1, {0, 2}}, RemoveChannels{"b", 0, {0, 2}},
               RemoveChannels{"v", 0, {0, 2}}})[0] == Floats{0, 7});
}

TEST_CASE("a node is put in before the users that are named, or before all and the graph's output") {
  const AddConstant two{"two", Tensor::scalar(2.0f)};
  const Operation doubling{.op_type = "Mul", .domain = "", .inputs = {"p", "two"}, .attributes = {}};
  CHECK(after({two, InsertNode{"twice", doubling, "p2", "p", {"h"}}}) == std::vector<Floats>{{11, 14}, {5, 7, 9}});
  CHECK(after({two, InsertNode{"twice", doubling, "p2", "p", {}}}) == std::vector<Floats>{{11, 14}, {5, 7, 9}});
  const Operation of_q{.op_type = "Mul", .domain = "", .inputs = {"q", "two"}, .attributes = {}};
  const Graph graph = edited(two_layers(), std::vector<Edit>{two, InsertNode{"twice", of_q, "q2", "q", {}}});
  CHECK(outputs(graph)[1] == Floats{10, 14, 18});
  CHECK(graph.value(graph.outputs[1]).name == "q");  // ports keep their names
}

TEST_CASE("a node may become another one") {
  const AddConstant bounds{"six", Tensor::of<float>({3}, {6, 5, 6})};
  const RewriteNode capped{"r", {.op_type = "Min", .domain = "", .inputs = {"h", "six"}, .attributes = {}}};
  CHECK(after({bounds, capped}) == std::vector<Floats>{{-85, -86}, {5, 7, 9}});
  const RewriteNode leaky{"r",
                          {.op_type = "LeakyRelu", .domain = "", .inputs = {"h"}, .attributes = {{"alpha", 0.5f}}}};
  CHECK(after({leaky})[0] == Floats{6 - 45.5f, 7 - 45.5f});
  const RewriteNode shorter{"h", {.op_type = "Relu", .domain = "", .inputs = {"p"}, .attributes = {}}};
  CHECK(after({shorter})[0] == Floats{14, 16});
}

TEST_CASE("an edit that does not fit says which one, and what was expected") {
  const Tensor one = Tensor::scalar(1.0f);
  CHECK(
      has(refusal({ScaleConstant{"w", 1, {1, 2}}}), "edit 0 (scale): 'w' has 3 slices along axis 1, and there are 2"));
  CHECK(has(refusal({ScaleConstant{"w", 2, {1}}}), "'w' has shape [2, 3], and no axis 2"));
  CHECK(has(refusal({ScaleConstant{"w", -1, {1}}}), "no axis -1"));
  CHECK(has(refusal({ScaleConstant{"h", 0, {1}}}), "'h' is no constant"));
  CHECK(has(refusal({ReplaceConstant{"w", Tensor::of<std::int64_t>({1}, {1})}, ScaleConstant{"w", 0, {1}}}),
            "edit 1 (scale): 'w' is int64"));
  CHECK(has(refusal({ReplaceConstant{"nobody", one}}), "there is no value 'nobody'"));
  for (const std::vector<std::int64_t>& channels : {std::vector<std::int64_t>{3}, {-1}, {1, 1}, {2, 1}})
    CHECK(has(refusal({RemoveChannels{"w", 1, channels}}), "not ascending numbers below its 3 along axis 1"));
  CHECK(has(refusal({CopyConstant{"p", 0, "n"}}), "input 0 of node 'p' is no constant"));
  CHECK(has(refusal({CopyConstant{"p", -1, "n"}}), "input -1 of node 'p' is no constant"));
  CHECK(has(refusal({CopyConstant{"p", 1, "v"}}), "the name 'v' is empty or taken"));
  CHECK(has(refusal({CopyConstant{"nobody", 1, "n"}}), "there is no node 'nobody'"));
  CHECK(has(refusal({AddConstant{"", one}}), "the name '' is empty or taken"));
  const Operation relu{.op_type = "Relu", .domain = "", .inputs = {"p"}, .attributes = {}};
  CHECK(has(refusal({InsertNode{"h", relu, "n", "p", {}}}), "there is a node 'h' already"));
  CHECK(has(refusal({InsertNode{"n", relu, "h", "p", {}}}), "the name 'h' is empty or taken"));
  CHECK(has(refusal({InsertNode{"n", relu, "n", "p", {"y"}}}), "node 'y' does not read 'p'"));
  CHECK(has(refusal({RewriteNode{"r", {.op_type = "Relu", .domain = "", .inputs = {"gone"}, .attributes = {}}}}),
            "there is no value 'gone'"));
  const Operation of_y{.op_type = "Relu", .domain = "", .inputs = {"y"}, .attributes = {}};
  CHECK(has(refusal({RewriteNode{"p", of_y}}), "the edits leave a graph that is none"));  // a cycle
  CHECK(has(refusal({RemoveChannels{"w", 1, {0}}}), "node 'q' (MatMul)"));
  CHECK(has(refusal({CopyConstant{"p", 1, "own"}, RemoveChannels{"own", 1, {0}}}),
            "node 'h' (Add)"));                               // the bias has three numbers still
  CHECK(has(refusal({RemoveChannels{"v", 1, {0}}}), "'y'"));  // the graph says that there are two columns
}

TEST_CASE("types are inferred behind what was changed") {
  Graph graph = two_layers();
  const AddConstant wide{"wide", Tensor::of<float>({4, 3}, std::vector<float>(12, 1.0f))};
  const RewriteNode taller{"h", {.op_type = "Add", .domain = "", .inputs = {"p", "wide"}, .attributes = {}}};
  graph.value(graph.find("y")).type = {};
  const Graph changed = edited(graph, std::vector<Edit>{wide, taller});
  CHECK(*changed.value(changed.find("r")).type.static_shape() == Shape{4, 3});
  CHECK(*changed.value(changed.find("y")).type.static_shape() == Shape{4, 2});
}

TEST_CASE("codes are of what the edits left") {
  Plan plan;
  plan.edits = {ScaleConstant{"w", 1, {1, 2, 1}}};
  plan.nodes["q"].operands[1] = {.scheme = {.code = DType::Int8}, .scales = {2}, .zero_points = {0}};
  const Graph applied = apply(two_layers(), plan);
  const Tensor& codes = applied.value(applied.find("w_quantized")).initializer;
  CHECK(to_floats(codes) == Floats{0, 2, 2, 2, 5, 3});  // halves of {1, 4, 3, 4, 10, 6}, to even
}
