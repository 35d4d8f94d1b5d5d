#include "graph/ops/product.h"

namespace bw {

std::optional<Product> plain_product(const Node& node) {
  if (node.is("MatMul")) return Product{node.input(0), node.input(1), kNoValue, false};
  const bool scaled = node.float_or("alpha", 1) != 1 || (node.input(2) != kNoValue && node.float_or("beta", 1) != 1);
  if (!node.is("Gemm") || scaled || node.int_or("transA", 0) != 0) return std::nullopt;
  return Product{node.input(0), node.input(1), node.input(2), node.int_or("transB", 0) != 0};
}

}  // namespace bw
