// From the canonical graph to the operators that ONNX Runtime has fast kernels for.
#pragma once

#include <string>

#include "target/target.h"

namespace bw {

// What is rewritten:
//   DequantizeLinear (blocked weight) -> MatMul        becomes  com.microsoft MatMulNBits
//   DequantizeLinear (blocked table) -> Gather         becomes  com.microsoft GatherBlockQuantized
//   DynamicQuantizeLinear -> DequantizeLinear -> MatMul  becomes  MatMulInteger, Cast, Mul (which the runtime fuses)
//   LSTM marked dynamic                                becomes  com.microsoft DynamicQuantizeLSTM
//   GRU marked dynamic                                 becomes  products as above, in a Scan over the steps
//   QDQ around integer nodes stays (the runtime fuses it), or becomes QLinear operators for form=qoperator.
//   Constants that repeat another, also transposed, are made of it while the runtime loads.
Artifact lower_for_onnxruntime(const Graph& canonical, const Arguments& arguments);

// Why the gates of a GRU cannot be taken apart; empty: they can.
std::string apart_obstacle(const Graph& graph, const Node& node);

// The graph in an opset that decodes blocks and 4-bit codes, where its own operators do either; else as it is.
// Error(unsupported) when it cannot be converted.
Graph with_opset_of_blocks(const Graph& graph);

}  // namespace bw
