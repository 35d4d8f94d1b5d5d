// A quantized network as one says it in plain operators: what its codes mean, whoever made it and in whichever form.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "tensor/tensor.h"

namespace bw {

// A constant that was codes.
struct CodedWeight {
  Tensor codes;
  std::vector<float> scales;  // 1, or one a channel or block
};

struct Spelled {
  Graph graph;
  std::map<std::string, CodedWeight> weights;  // by the name of the constant of floats in their place
};

// Of a quantized graph, prepared: constants that were codes are the floats they mean; what is left of quantization is
// QuantizeLinear (or DynamicQuantizeLinear) followed by DequantizeLinear, which rounds a value where it stands; nodes
// that move codes move floats between two such pairs, which changes nothing. QLinear operators, MatMulInteger and
// ConvInteger chains and weights in blocks are spelled out (graph/passes/spell_out_codes.h). What is no known form
// stays.
Spelled spelled_out(const Graph& quantized);

// Gemm as MatMul, which keeps the name, and Add: some tools split it, and both networks are said alike.
void split_products(Spelled& network);

// Whatever domain it is of.
bool is_quantize(const Node& node);  // also the dynamic one
bool is_dequantize(const Node& node);

}  // namespace bw
