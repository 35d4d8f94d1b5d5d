// The steps of apply(), each putting one kind of decision into the graph. Node ids are those of the
// prepared graph with the plan's edits.
#pragma once

#include <vector>

#include "graph/rewriter.h"
#include "plan/plan.h"

namespace bw {

// Constants with QParams become codes, and what turns them into numbers: a DequantizeLinear where ONNX's formula says
// it all, else a lookup in the codebook or a Cast, a Sub and a Mul (plan/decode.h).
void encode_operands(Rewriter& rewriter, const Plan& plan);
// QuantizeLinear and DequantizeLinear behind the values of integer nodes.
void quantize_activations(Rewriter& rewriter, const Plan& plan);
// DynamicQuantizeLinear and DequantizeLinear before the activations of dynamic MatMul and Gemm; other dynamic nodes
// (recurrent ones) are only marked, since ONNX has no operator that quantizes inside them.
void quantize_dynamically(Rewriter& rewriter, const Plan& plan);
// A DynamicQuantizeLinear of x: its codes, scale and zero point.
std::vector<ValueId> add_dynamic_quantizer(Rewriter& rewriter, ValueId x);
// float16 nodes: constants narrowed (beyond the largest number: to it), Cast where values cross to or from float32
// nodes.
void narrow_to_float16(Rewriter& rewriter, const Plan& plan);

// Metadata of a node that says its precision where the graph's form cannot.
inline constexpr std::string_view kPrecisionKey = "bitwright.precision";

}  // namespace bw
