#include "method/placement.h"

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

Placement place(const Graph& graph, const char* keep = "") {
  return place_integers(graph, target_named("cpu"), parse_keep_float(keep, graph));
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
