// Codes and the operators that turn them into numbers, in a graph.
#pragma once

#include <string>

#include "graph/rewriter.h"
#include "plan/scheme.h"

namespace bw {

// Whether ONNX's formula, (code - zero point) * scale with a zero point that is a code, says what the codes stand for.
bool is_affine(const QParams& params);

// The scales and zero points of codes of this shape as values of the graph, named after `name`; affine ones only.
struct Linear {
  ValueId scale, zero_point;
};
Linear add_linear(Rewriter& rewriter, const std::string& name, const QParams& params, const Shape& shape);

// Codes of this shape as numbers by Cast, Sub and Mul, or by a lookup in the codebook: what a runtime computes once,
// while it loads. Error(Quantization) for parameters that do not fit.
ValueId add_spelled_out(Rewriter& rewriter, const std::string& name, ValueId codes, const QParams& params,
                        const Shape& shape);

// The numbers that `codes` stand for, as a float32 value. Error(Quantization) for parameters that do not fit.
ValueId add_decoded(Rewriter& rewriter, const std::string& name, const Tensor& codes, const QParams& params);

}  // namespace bw
