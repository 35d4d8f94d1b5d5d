// What of a model is quantized already.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace bw {

// Nodes of a model that work on codes already, by how their codes came to be.
struct QuantizedNodes {
  std::string form;  // "Q/DQ", "QOperator", "dynamic", "weights in blocks"
  std::string op;
  std::vector<std::string> names;
};
std::vector<QuantizedNodes> quantized_nodes(const Graph& graph);
// "Q/DQ: 6 DequantizeLinear, 4 QuantizeLinear; dynamic: 1 MatMulInteger"; empty when there are none.
std::string to_sentence(const std::vector<QuantizedNodes>& all);

}  // namespace bw
