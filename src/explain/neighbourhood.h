// A few nodes of a graph with what stands around them, for a picture.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace bw {

struct Neighbourhood {
  struct Node {
    std::string name, op;
    bool own = false;  // one of those that it is about
  };
  std::vector<Node> nodes;                                 // in the order of the graph
  std::vector<std::pair<std::size_t, std::size_t>> edges;  // from node to node, where one reads what the other makes
};

// The nodes of these names, those that make what they read and those that read what they make; at most 32.
class Surroundings {
 public:
  explicit Surroundings(const Graph& graph);  // which lives as long as this
  Neighbourhood of(const std::vector<std::string>& names) const;

 private:
  const Graph& graph_;
  const Links links_;
  std::map<std::string, NodeId> by_name_;
};

}  // namespace bw
