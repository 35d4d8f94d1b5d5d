// Operators that compute on codes in one node, said in plain ones. No pass of prepare(): a step of dequantize().
#pragma once

#include "graph/graph.h"

namespace bw {

// QLinear operators become DequantizeLinear, the operator on floats, QuantizeLinear; MatMulInteger and ConvInteger
// behind DynamicQuantizeLinear become products of floats; MatMulNBits and GatherBlockQuantized read the floats that
// their blocks mean. What has parameters that are no constants stays. True when something changed.
bool spell_out_codes(Graph& graph);

}  // namespace bw
