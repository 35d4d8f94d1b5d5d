// What one run of a model costs: multiply-accumulates, and the bytes that its nodes read and write.
#pragma once

#include <span>

#include "graph/ops/op.h"
#include "plan/plan.h"

namespace bw {

// The graph with its inputs' shapes fixed (in the order of graph.inputs that have no initializer) and all types
// inferred.
Graph with_input_shapes(const Graph& graph, std::span<const Shape> shapes);

// Values that the plan codes count with the size of their codes. Zeros where shapes are not known.
Cost run_cost(const Graph& concrete, const Plan& plan);

}  // namespace bw
