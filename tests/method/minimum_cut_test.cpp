// Cuts of small networks beside the best of all divisions.
#include "method/minimum_cut.h"

#include <catch2/catch_test_macros.hpp>
#include <limits>

#include "base/random.h"

using namespace bw;

namespace {

struct Edge {
  std::size_t from, to;
  std::int64_t capacity;
};

// Nodes behind the two ends: bit i of `sinks` says of node i + 2 that it lies on the sink's side.
std::int64_t cost(const std::vector<Edge>& edges, std::size_t sinks) {
  const auto is_sink = [&](std::size_t node) { return node < 2 ? node == 1 : (sinks >> (node - 2) & 1) != 0; };
  std::int64_t sum = 0;
  for (const Edge& edge : edges)
    if (!is_sink(edge.from) && is_sink(edge.to)) sum += edge.capacity;
  return sum;
}

std::size_t cut(const std::vector<Edge>& edges, std::size_t nodes) {
  FlowNetwork network;
  for (std::size_t i = 0; i < nodes; ++i) network.add_node();
  for (const Edge& edge : edges) network.add_edge(edge.from, edge.to, edge.capacity);
  const std::vector<bool> sides = std::move(network).sink_side();
  CHECK_FALSE(sides[FlowNetwork::kSource]);
  CHECK(sides[FlowNetwork::kSink]);
  std::size_t sinks = 0;
  for (std::size_t i = 0; i < nodes; ++i) sinks |= std::size_t{sides[i + 2]} << i;
  return sinks;
}

}  // namespace

TEST_CASE("the cut costs as little as the best of all divisions, with the fewest nodes at the sink") {
  constexpr std::size_t kNodes = 6;
  Random random(5);
  for (int round = 0; round < 3000; ++round) {
    std::vector<Edge> edges;
    for (std::size_t from = 0; from < kNodes + 2; ++from)
      for (std::size_t to = 0; to < kNodes + 2; ++to)
        if (from != to && random.below(4) == 0) edges.push_back({from, to, static_cast<std::int64_t>(random.below(4))});
    std::int64_t best = std::numeric_limits<std::int64_t>::max();
    int fewest = 0;
    for (std::size_t sinks = 0; sinks < std::size_t{1} << kNodes; ++sinks) {
      const std::int64_t now = cost(edges, sinks);
      const int count = __builtin_popcountll(sinks);
      if (now < best || (now == best && count < fewest)) best = now, fewest = count;
    }
    const std::size_t found = cut(edges, kNodes);
    CHECK(cost(edges, found) == best);
    CHECK(__builtin_popcountll(found) == fewest);
  }
}
