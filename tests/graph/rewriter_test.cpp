#include "graph/rewriter.h"

#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "graph/links.h"
#include "graph/text.h"

namespace bw {
namespace {

Graph graph_of(const std::string& body) {
  return parse_graph("ir_version 8\nopset \"\" 17\ngraph \"g\" {\n" + body + "}\n");
}

std::vector<std::string> ops_of(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) names.push_back(node.op_type);
  return names;
}

TEST_CASE("links count uses by inputs and by subgraphs", "[links]") {
  const Graph graph = graph_of(R"(
    input %x: float32[2]
    input %c: bool[]
    %a = Relu(%x)
    %b = Add(%a, %a)
    %y = If(%c) {then_branch = graph "t" {
      %i = If(%c) {then_branch = graph "tt" { capture %a
        output %a }}
      output %i }}
    output %y
  )");
  const Links links = link(graph);
  const auto& uses = links.uses[static_cast<std::size_t>(graph.find("a"))];
  REQUIRE(uses.size() == 3);
  CHECK(uses[0].input == 0);
  CHECK(uses[1].input == 1);
  CHECK(uses[2].input == -1);  // though the middle graph does not declare it
  CHECK(links.producer[static_cast<std::size_t>(graph.find("b"))] == 1);
  CHECK(links.producer[static_cast<std::size_t>(graph.find("x"))] == kNoNode);
}

TEST_CASE("what a subgraph's own subgraph takes from it is not taken from outside", "[links]") {
  const Graph graph = parse_graph(R"(ir_version 8
opset "" 17
graph "g" {
  input %x: float32[2]
  input %c: bool[]
  %y = If(%c) {then_branch = graph "t" {
    capture %x
    capture %c
    %i = Relu(%x)
    %o = If(%c) {then_branch = graph "tt" { capture %i
      %p = Neg(%i)
      output %p }, else_branch = graph "te" { capture %x
      %q = Neg(%x)
      output %q }}
    output %o }, else_branch = graph "e" { capture %x
    %r = Abs(%x)
    output %r }}
  output %y
}
)");
  CHECK(captured_names(graph.nodes[0]) == std::vector<std::string>{"x", "c"});
}

TEST_CASE("a value that takes over an output keeps the output's name and type", "[rewriter]") {
  Graph graph = graph_of("input %x: float32[2]\n %a = Relu(%x)\n %y: float32[2] = Identity(%a)\n output %y\n");
  Rewriter rewriter(graph);
  CHECK(rewriter.replace_uses(graph.find("y"), graph.find("a")));
  rewriter.remove_node(1);
  rewriter.finish();
  CHECK(ops_of(graph) == std::vector<std::string>{"Relu"});
  CHECK(graph.value(graph.outputs[0]).name == "y");
  CHECK(to_string(graph.value(graph.outputs[0]).type) == "float32[2]");
}

TEST_CASE("an input cannot take over an output", "[rewriter]") {
  Graph graph = graph_of("input %x: float32[2]\n %y = Identity(%x)\n output %y\n");
  Rewriter rewriter(graph);
  CHECK_FALSE(rewriter.replace_uses(graph.find("y"), graph.find("x")));
  CHECK_THROWS_AS(rewriter.remove_node(0), Error);
}

TEST_CASE("captures are renamed with what they capture", "[rewriter]") {
  Graph graph = graph_of(R"(
    input %x: float32[2]
    input %c: bool[]
    %a = Identity(%x)
    %y = If(%c) {then_branch = graph "t" { capture %a
      capture %x
      %i = Add(%a, %x)
      output %i }}
    output %y
  )");
  Rewriter rewriter(graph);
  CHECK(rewriter.replace_uses(graph.find("a"), graph.find("x")));
  rewriter.remove_node(0);
  rewriter.finish();
  const Subgraph branch = std::get<Subgraph>(graph.nodes[0].find("then_branch")->data);
  REQUIRE(branch->captured.size() == 1);
  CHECK(branch->value(branch->captured[0]).name == "x");
  CHECK(branch->nodes[0].inputs[0] == branch->nodes[0].inputs[1]);
  CHECK(graph.find("a") == kNoValue);
}

TEST_CASE("new names are unique, also against names inside subgraphs", "[rewriter]") {
  Graph graph = graph_of(
      "input %x: float32[2]\n input %c: bool[]\n %y = If(%c) {then_branch = graph \"t\" { capture %x\n %inner = "
      "Relu(%x)\n output %inner }}\n output %y\n");
  Rewriter rewriter(graph);
  CHECK(graph.value(rewriter.add_value("inner")).name == "inner_1");
  CHECK(graph.value(rewriter.add_value("x")).name == "x_1");
  CHECK(graph.value(rewriter.add_value("x")).name == "x_2");
  CHECK(graph.value(rewriter.add_value("new")).name == "new");
}

TEST_CASE("names inside an added node's subgraph are taken from then on", "[rewriter]") {
  const Graph other = graph_of(
      "input %x: float32[2]\n input %c: bool[]\n %y = If(%c) {then_branch = graph \"t\" { capture %x\n %inner = "
      "Relu(%x)\n output %inner }}\n output %y\n");
  Graph graph = graph_of("input %x: float32[2]\n input %c: bool[]\n %z = Relu(%x)\n output %z\n");
  Rewriter rewriter(graph);
  Node node = other.nodes[0];
  node.inputs = {graph.find("c")};
  node.outputs = {rewriter.add_value("y")};
  rewriter.add_node(node);
  CHECK(graph.value(rewriter.add_value("inner")).name == "inner_1");
  CHECK(rewriter.uses(graph.find("x")).size() == 2);
}

TEST_CASE("finish orders nodes and drops what nobody uses", "[rewriter]") {
  Graph graph = graph_of(
      "input %x: float32[2]\n const %unused = float32[1] {1}\n %y = Relu(%x)\n %z = Abs(%x)\n output %y\n output %z\n");
  Rewriter rewriter(graph);
  const ValueId negated = rewriter.add_op("Neg", {graph.find("x")}, {}, "negated");
  rewriter.set_input(0, 0, negated);
  rewriter.finish();
  CHECK(ops_of(graph) == std::vector<std::string>{"Neg", "Relu", "Abs"});
  CHECK(graph.find("unused") == kNoValue);
}

TEST_CASE("a cycle is refused", "[rewriter]") {
  Graph graph = graph_of("input %x: float32[2]\n %a = Add(%x, %b)\n %b = Relu(%a)\n output %b\n");
  Rewriter rewriter(graph);
  CHECK_THROWS_AS(rewriter.finish(), Error);
}

TEST_CASE("keep leaves some users and the output alone", "[rewriter]") {
  Graph graph = graph_of(
      "input %x: float32[2]\n %a = Relu(%x)\n %b = Abs(%a)\n %c = Neg(%a)\n output %a\n output %b\n output %c\n");
  Rewriter rewriter(graph);
  const NodeId keep[] = {2};
  CHECK(rewriter.replace_uses(graph.find("a"), graph.find("x"), keep));
  CHECK(graph.nodes[1].inputs[0] == graph.find("x"));
  CHECK(graph.nodes[2].inputs[0] == graph.find("a"));
  CHECK(graph.value(graph.outputs[0]).name == "a");
}

}  // namespace
}  // namespace bw
