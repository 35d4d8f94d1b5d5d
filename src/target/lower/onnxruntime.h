// From the canonical graph to the operators that ONNX Runtime has fast kernels for.
#pragma once

#include "target/target.h"

namespace bw {

// What is rewritten:
//   DequantizeLinear (blocked weight) -> MatMul        becomes  com.microsoft MatMulNBits
//   DequantizeLinear (blocked table) -> Gather         becomes  com.microsoft GatherBlockQuantized
//   DynamicQuantizeLinear -> DequantizeLinear -> MatMul  becomes  MatMulInteger, Cast, Mul (which the runtime fuses)
//   LSTM marked dynamic                                becomes  com.microsoft DynamicQuantizeLSTM
//   QDQ around integer nodes stays (the runtime fuses it), or becomes QLinear operators for form=qoperator.
//   Constants that repeat another, also transposed, are made of it while the runtime loads.
Artifact lower_for_onnxruntime(const Graph& canonical, const Arguments& arguments);

}  // namespace bw
