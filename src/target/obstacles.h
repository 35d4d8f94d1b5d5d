// What keeps kernels from taking a node's weight as codes, as far as several targets agree.
#pragma once

#include <cstddef>
#include <string>

#include "graph/graph.h"

namespace bw {

// Why an operand cannot be coded as a weight; empty when it is a constant of float32.
std::string weight_obstacle(const Graph& graph, const Node& node, std::size_t position);
// The same for the product of an activation with a matrix.
std::string product_obstacle(const Graph& graph, const Node& node);

}  // namespace bw
