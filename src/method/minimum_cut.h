// The cheapest way to part a network between two ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bw {

// Directed edges with capacities that are not negative. Augmenting paths, the shortest first (Edmonds and Karp 1972).
class FlowNetwork {
 public:
  static constexpr std::size_t kSource = 0, kSink = 1;

  std::size_t add_node() { return edges_of_.emplace_back(), edges_of_.size() - 1; }
  void add_edge(std::size_t from, std::size_t to, std::int64_t capacity);

  // Whether each node lies on the sink's side of a minimum cut: of all of them the one with the fewest such nodes. The
  // cut costs the capacity of the edges from the source's side to the sink's.
  std::vector<bool> sink_side() &&;

 private:
  struct Edge {
    std::size_t to;
    std::int64_t left;  // capacity that no flow uses
  };
  bool augment();

  std::vector<Edge> edges_;  // each with its opposite behind it
  std::vector<std::vector<std::size_t>> edges_of_ = std::vector<std::vector<std::size_t>>(2);
};

}  // namespace bw
