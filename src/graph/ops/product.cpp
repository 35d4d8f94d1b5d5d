#include "graph/ops/product.h"

#include "graph/ops/op.h"

namespace bw {

std::optional<Product> plain_product(const Node& node) {
  if (node.is("MatMul")) return Product{node.input(0), node.input(1), kNoValue, false};
  if (!node.is("Gemm")) return std::nullopt;
  const bool scaled = float_of(node, "alpha") != 1 || (node.input(2) != kNoValue && float_of(node, "beta") != 1);
  if (scaled || int_of(node, "transA") != 0) return std::nullopt;
  return Product{node.input(0), node.input(1), node.input(2), int_of(node, "transB") != 0};
}

}  // namespace bw
