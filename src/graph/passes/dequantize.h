// Takes quantization back out of a graph: its weights as the floats that their codes mean, its activations as floats.
// No pass of prepare(): it changes what the graph computes, and is done where a user asks for it.
#pragma once

#include "graph/graph.h"

namespace bw {

// DequantizeLinear of constants becomes constants, and QuantizeLinear followed by DequantizeLinear its own input. What
// computes on codes in other ways (QLinearConv, MatMulInteger, MatMulNBits, ...) stays. True when something changed.
bool dequantize(Graph& graph);

}  // namespace bw
