// Nodes of two networks whose names say nothing.
#include "explain/match.h"

#include <catch2/catch_test_macros.hpp>

#include "badinput/sketch.h"
#include "base/error.h"

namespace bw {
namespace {

using test::Sketch;

// x [2, 2] times each of the weights, in this order, and the sum of both; `prefix` before all names.
Graph twins(const std::string& prefix, const std::vector<std::vector<float>>& weights) {
  Sketch s;
  const ValueId x = s.input("x", DType::Float32, {2, 2});
  std::vector<ValueId> products;
  for (const std::vector<float>& weight : weights) {
    const std::string name = prefix + std::to_string(products.size());
    const ValueId w = s.constant(name + "_w", Tensor::of<float>({2, 2}, std::span<const float>(weight)));
    products.push_back(s.node("MatMul", {x, w}, {}, name));
  }
  Graph graph = s.with_output(s.node("Add", {products[0], products[1]}, {}, prefix + "_sum"));
  for (Node& node : graph.nodes) node.name = prefix + node.name;
  return graph;
}

TEST_CASE("of nodes that read the same value those with the nearest weights correspond") {
  const Graph original = twins("a", {{1, 2, 3, 4}, {4, -3, 2, 1}}),
              other = twins("b", {{4, -3, 2, 1.1f}, {1, 2, 3, 4.1f}});
  const Match found = match(original, other);
  REQUIRE(found.nodes.size() == 3);
  CHECK(found.nodes[0].original == 1);
  CHECK(found.nodes[1].original == 0);
  CHECK(found.nodes[2].original == 2);
  CHECK(found.unmatched.empty());
}

TEST_CASE("a node is the counterpart of one other at most") {
  const Match found = match(twins("a", {{1, 2, 3, 4}, {1, 2, 3, 4}}), twins("b", {{1, 2, 3, 4}, {1, 2, 3, 4}}));
  REQUIRE(found.nodes.size() == 3);
  CHECK(found.nodes[0].original != found.nodes[1].original);
}

TEST_CASE("what has no counterpart is listed") {
  Graph other = twins("b", {{1, 2, 3, 4}, {4, -3, 2, 1}});
  other.nodes.back().op_type = "Mul";
  const Match found = match(twins("a", {{1, 2, 3, 4}, {4, -3, 2, 1}}), other);
  CHECK(found.nodes.size() == 2);
  CHECK(found.unmatched == std::vector<NodeId>{2});
}

TEST_CASE("networks of different numbers of inputs and outputs do not correspond") {
  Graph more = twins("b", {{1, 2, 3, 4}, {1, 2, 3, 4}});
  more.outputs.push_back(more.nodes.front().output(0));
  CHECK_THROWS_AS(match(twins("a", {{1, 2, 3, 4}, {1, 2, 3, 4}}), more), Error);
  Graph fewer = twins("b", {{1, 2, 3, 4}, {1, 2, 3, 4}});
  fewer.inputs.clear();
  CHECK_THROWS_AS(match(twins("a", {{1, 2, 3, 4}, {1, 2, 3, 4}}), fewer), Error);
}

}  // namespace
}  // namespace bw
