// Shape inference: the type of every value, from the types of the inputs and constants.
#pragma once

#include "graph/graph.h"

namespace bw {

// Fills in element type and shape of every value, also in the graphs inside nodes, by the rules of the operator table
// (OpInfo::infer). The contents of small integer tensors are followed, so that Shape -> Gather -> Concat -> Reshape is
// understood; symbols are kept, and so is what the graph states that no rule knows: outputs of operators without a rule
// and of local functions. Linear in nodes. The graph must be one that verify() lets through.
// Error(semantic), naming the node, when a rule cannot hold or gives another element type, rank or number than the
// graph states; a symbol or an unknown dimension contradicts nothing. The graph is as far as it came then.
void infer(Graph& graph);

}  // namespace bw
