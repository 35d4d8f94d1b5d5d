// Slices of constants that methods scale: which constant a node reads where, and a copy of its own where others read it
// too.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "graph/links.h"
#include "plan/plan.h"

namespace bw {

// A constant that a node reads, and the axis along which its slices belong to channels.
struct Slices {
  NodeId node;
  int input, axis;
};

class SliceEditor {
 public:
  // Both live as long as this.
  SliceEditor(const Graph& graph, const Links& links) : graph_(graph), links_(links) {}

  // The name of the constant as this node alone reads it.
  std::string own_constant(NodeId node, int input, Plan& plan);
  void scale(const Slices& slices, const std::vector<double>& factors, Plan& plan);

 private:
  const Graph& graph_;
  const Links& links_;
  std::map<std::pair<NodeId, int>, std::string> copies_;
};

}  // namespace bw
