// Constants that hold the same numbers as another one: what a network ties together, and what folding took apart.
#pragma once

#include <cstddef>
#include <map>

#include "graph/graph.h"

namespace bw {

struct Twin {
  ValueId of;       // the constant that it repeats, which repeats none itself
  bool transposed;  // it is the other's transpose; else the same bytes, maybe in another shape
};

// By constant, what repeats one that comes before it. Those of fewer bytes than `least_bytes`, of strings, and graph
// outputs are left out.
std::map<ValueId, Twin> twins(const Graph& graph, std::size_t least_bytes);

}  // namespace bw
