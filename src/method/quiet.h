// Values whose small numbers mean as much as the large ones.
#pragma once

#include <set>

#include "graph/graph.h"

namespace bw {

// The nodes with nothing between their result and a Log but what keeps proportions: layout, sums, products, powers and
// roots, bounds. One scale for all that they give would take away what is quiet, and the logarithm makes that the
// larger part of its answer: spectra of sound before their logarithm.
std::set<NodeId> before_logarithms(const Graph& graph);

}  // namespace bw
