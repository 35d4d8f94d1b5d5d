// Takes quantization back out of a graph: its weights as the floats that their codes mean, its activations as floats.
// No pass of prepare(): it changes what the graph computes, and is done where a user asks for it.
#pragma once

#include "graph/graph.h"

namespace bw {

// DequantizeLinear of constants becomes constants, and QuantizeLinear followed by DequantizeLinear its own input, after
// operators on codes are spelled out (passes/spell_out_codes.h). Codes whose smallest one stands for zero cut off what
// is below it: where no activation function does so, a Clip takes their place. True when something changed.
bool dequantize(Graph& graph);

}  // namespace bw
