// Products of an activation with a matrix, as MatMul and Gemm spell them.
#pragma once

#include <optional>

#include "graph/graph.h"

namespace bw {

struct Product {
  ValueId x, weight;
  ValueId bias;                                            // kNoValue: none
  bool transposed;                                         // the weight is [N, K], not [K, N]
  int reduced_axis() const { return transposed ? 1 : 0; }  // K, of a weight that is a matrix
};

// Of MatMul, and of Gemm that neither scales nor transposes x: y = x * weight + bias. Nothing for other nodes.
std::optional<Product> plain_product(const Node& node);

}  // namespace bw
