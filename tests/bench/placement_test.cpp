#include "method/placement.h"
#include "target/obstacles.h"

#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "bench/networks.h"

using namespace bw;

namespace {

std::set<std::string> names(const Graph& graph, const std::set<NodeId>& nodes) {
  std::set<std::string> result;
  for (const NodeId id : nodes) result.insert(graph.node(id).name);
  return result;
}

std::set<std::string> names(const Graph& graph, const std::set<ValueId>& values, int) {
  std::set<std::string> result;
  for (const ValueId id : values) result.insert(graph.value(id).name);
  return result;
}

Task task_of(const Graph& graph) {
  return {.graph = graph, .target = target_named("cpu"), .seed = 0};
}

KeepFloat keep_of(const Task& task, const std::string& text) {
  return {task, Arguments("int8-static", method_named("int8-static").parameters, {{"keep_float", text}})};
}

Placement place(const Graph& graph, const char* keep = "") {
  return place_integers(graph, target_named("cpu"), keep_of(task_of(graph), keep));
}

using Set = std::set<std::string>;

}  // namespace

TEST_CASE("a residual network is one integer island with a float head") {
  const Graph graph = test::cnn();
  const Placement placement = place(graph);
  CHECK(names(graph, placement.integer) == Set{"a", "c1", "c2", "f", "p", "r1", "r2", "y"});
  // No codes between a convolution and the Relu that its range takes over, none behind the last product.
  CHECK(names(graph, placement.coded, 0) == Set{"x", "r1", "c2", "r2", "p", "f"});
  const ValueId f = graph.find("f");
  CHECK(graph.value(placement.range_of.at(f)).name == "p");  // Flatten moves codes
}

TEST_CASE("a node kept in float breaks the island where it stands") {
  const Graph graph = test::cnn();
  const Placement placement = place(graph, "c2");
  CHECK_FALSE(names(graph, placement.integer).contains("c2"));
  CHECK(placement.reasons.at(graph.find_node("c2")).find("as asked") != std::string::npos);
  CHECK(names(graph, placement.integer).contains("c1"));
  CHECK_THROWS_AS(place(graph, "nothing"), Error);
}

TEST_CASE("products of a transformer give float, and keep their float bias in unknown shapes") {
  const Graph graph = test::mixer();
  const Placement placement = place(graph);
  CHECK(names(graph, placement.integer) == Set{"m1", "m2"});
  CHECK(names(graph, placement.coded, 0) == Set{"n", "t"});
  CHECK(placement.bias_add.empty());
}

TEST_CASE("patterns keep operators and nodes in float, and what fits nothing names what is near") {
  const Graph graph = test::cnn();
  const auto kept = [&](const char* text) {
    const KeepFloat keep = keep_of(task_of(graph), text);
    Set names;
    for (const Node& node : graph.nodes)
      if (!keep.reason(node).empty()) names.insert(node.name);
    return names;
  };
  CHECK(kept("c*") == Set{"c1", "c2"});
  CHECK(kept("Conv|y") == Set{"c1", "c2", "y"});
  CHECK(kept("r?") == Set{"r1", "r2"});
  CHECK(kept("Global*") == Set{"p"});
  CHECK(kept("").empty());
  try {
    kept("Con");
    FAIL();
  } catch (const Error& error) {
    CHECK(error.hint() == "Did you mean 'Conv'?");
  }
}

TEST_CASE("what the runtime refused stays in float, and says what it said") {
  const Graph graph = test::cnn();
  Task task = task_of(graph);
  task.refused["c2"] = "no such kernel";
  const Placement placement = place_integers(graph, task.target, keep_of(task, ""));
  CHECK_FALSE(names(graph, placement.integer).contains("c2"));
  CHECK(placement.reasons.at(graph.find_node("c2")).find("no such kernel") != std::string::npos);
}

TEST_CASE("reasons say what a weight is") {
  const Graph graph = parse_graph(R"(ir_version 8
opset "" 17
graph "g" {
  input %x: float32[N,4]
  const %d: float64[4,4] = float64[4,4] {1,0,0,0, 0,1,0,0, 0,0,1,0, 0,0,0,1}
  const %w: float32[2,4] = float32[2,4] {1,0,0,0, 0,1,0,0}
  %xd: float64[N,4] = Cast(%x) {to = 11}
  %m1: float64[N,4] = MatMul(%xd, %d) @ "double"
  %t: float32[4,N] = Transpose(%x) {perm = ints [1, 0]}
  %m2: float32[2,N] = MatMul(%w, %t) @ "left"
  %m3: float32[N,N] = MatMul(%x, %t) @ "both"
  output %m1: float64[N,4]
  output %m2: float32[2,N]
  output %m3: float32[N,N]
}
)");
  const auto reason = [&](const char* node) { return product_obstacle(graph, graph.node(graph.find_node(node))); };
  CHECK(reason("double") == "the weight is float64");
  CHECK(reason("left") == "its constant stands on the left, where kernels take activations only");
  CHECK(reason("both") == "both operands are activations");
}

TEST_CASE("a convolution of few channels stays in float, where its integer kernel is the slower one") {
  const auto reason = [](const Shape& weight, const char* attributes) {
    const Graph graph = prepared(parse_graph(
        fmt::format("ir_version 8\nopset \"\" 17\ngraph \"g\" {{\n  input %x: float32[N,{},8,256]\n", weight[1]) +
        test::constant("w", weight, 1) +
        fmt::format("  %y: float32 = Conv(%x, %w) {{{}}} @ \"c\"\n  output %y: float32\n}}\n", attributes)));
    KeepFloat keep = keep_of(task_of(graph), "");
    CHECK(place_integers(graph, target_named("cpu"), keep).integer.contains(graph.find_node("c")));
    keep_narrow(graph, target_named("cpu"), keep);
    const Placement placement = place_integers(graph, target_named("cpu"), keep);
    return placement.integer.contains(graph.find_node("c")) ? "" : placement.reasons.at(graph.find_node("c"));
  };
  CHECK(reason({8, 3, 3, 3}, "") == "with 3 input channels the integer kernel is slower than the float one");
  CHECK(reason({8, 4, 3, 3}, "").empty());
  CHECK(reason({8, 1, 1, 128}, "").empty());  // a long row is gathered as fast
  CHECK(reason({8, 1, 1, 64}, "") == "with 1 input channel the integer kernel is slower than the float one");
  CHECK_FALSE(reason({1, 1, 1, 128}, "").empty());
}
