// What binary16 cannot hold, found in the graph alone: numbers beyond 65504 or below 2^-25 among the constants, squares
// of activations that a norm sums up, whole numbers that have to stay exact. Such numbers stay in float32 from where
// they come up to where their size no longer matters.
#pragma once

#include <map>
#include <set>
#include <string>

#include "graph/graph.h"

namespace bw {

struct Float16Reach {
  std::map<NodeId, std::string> beyond;  // nodes that have to compute in float32, and why
  std::set<ValueId> bounds;  // constants beyond 65504 of which only the size matters: the largest number does as well
};

// Of a prepared graph, of which the nodes in `wide` compute in float32 in any case. A bound is a limit of Clip, Max or
// Min, or what Where, Concat and Pad put in for masked places before a Softmax or a maximum.
Float16Reach float16_reach(const Graph& graph, const std::set<NodeId>& wide);

}  // namespace bw
