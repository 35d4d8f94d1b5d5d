// Our own check of a graph, before any third-party code sees it: structure (SSA, order, names, types, attributes) and
// everything known to crash or hang runtimes. Bad models end here, as an InputError that names the node or tensor.
#pragma once

#include <cstdint>

#include "graph/graph.h"

namespace bw {

struct GraphLimits {
  std::uint64_t nodes = 1'000'000;  // after inlining of functions
  std::uint64_t tensors = 1'000'000;
  int rank = 16;
  int subgraph_depth = 32;
  int call_depth = 64;
  std::uint64_t subgraphs = 10'000;
  std::uint64_t name_bytes = 4096;
  std::uint64_t bytes = std::uint64_t{1} << 34;           // of all initializers
  std::uint64_t computed_bytes = std::uint64_t{1} << 31;  // of one value whose size the model itself fixes
  std::int64_t loop_trips = 100'000'000;                  // of a loop that nothing else can end
};

void verify(const Graph& graph, const GraphLimits& limits = {});

}  // namespace bw
