// Stores numbers once that several constants hold. No pass of prepare(): methods want each weight as its node reads it.
#pragma once

#include <functional>

#include "graph/graph.h"

namespace bw {

// A constant that repeats another one, transposed or in another shape, is made of it by Transpose or Reshape, which
// runtimes compute once while they load. Where a node has to find its constant as such, `stays` says so of the
// constant. True when something changed.
bool tie_constants(Graph& graph, const std::function<bool(const Graph&, ValueId)>& stays);

}  // namespace bw
