// Codes with scales.
#include "graph/infer/rules.h"

namespace bw::rule {

// The type of the codes is that of the zero point, or what the attribute says, or uint8.
void quantize_linear(Inference& at) {
  const bool says = at.node().is("QuantizeLinear") && at.attribute("output_dtype") != 0;
  const DType dtype = says ? at.dtype_attribute("output_dtype", DType::UInt8) : at.has(2) ? at.dtype(2) : DType::UInt8;
  at.output(0, dtype, copied(at.shape(0)));
}

void dequantize_linear(Inference& at) {
  const bool says = at.node().is("DequantizeLinear") && at.attribute("output_dtype") != 0;
  at.output(0, says ? at.dtype_attribute("output_dtype", DType::Float32) : at.dtype(1), copied(at.shape(0)));
}

// Outputs: codes, scale, zero point.
void dynamic_quantize_linear(Inference& at) {
  at.output(0, DType::UInt8, copied(at.shape(0)));
  at.output(1, DType::Float32, Dims{});
  at.output(2, DType::UInt8, Dims{});
}

// Inputs: a, its scale and zero point, b, its scale and zero point, those of the result.
void qlinear_binary(Inference& at) {
  at.output(0, at.dtype(0), bw::broadcast(at, {at.shape(0), at.shape(3)}));
}

// Inputs: condition, a, its scale and zero point, b, its scale and zero point, those of the result.
void qlinear_where(Inference& at) {
  at.output(0, at.dtype(1), bw::broadcast(at, {at.shape(0), at.shape(1), at.shape(4)}));
}

}  // namespace bw::rule
