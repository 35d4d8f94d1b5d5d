#include "target/obstacles.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "graph/links.h"
#include "graph/ops/op.h"
#include "graph/ops/product.h"

namespace bw {
namespace {

// Whether a value differs from run to run.
bool follows_inputs(const Graph& graph, const Links& links, ValueId value, std::set<ValueId>& seen) {
  if (value == kNoValue || graph.is_constant(value) || !seen.insert(value).second) return false;
  const NodeId producer = links.producer[static_cast<std::size_t>(value)];
  if (producer == kNoNode) return true;
  const Node& node = graph.node(producer);
  return !captured_names(node).empty() ||
         std::ranges::any_of(node.inputs, [&](ValueId input) { return follows_inputs(graph, links, input, seen); });
}

}  // namespace

std::string weight_obstacle(const Graph& graph, const Node& node, std::size_t position) {
  const ValueId weight = node.input(position);
  if (weight == kNoValue) return "it has no weight";
  if (graph.is_constant(weight)) {
    const Tensor& tensor = graph.value(weight).initializer;
    if (tensor.dtype() != DType::Float32) return fmt::format("the weight is {}", name_of(tensor.dtype()));
    return tensor.size() == 0 ? "the weight is empty" : "";
  }
  if (node.input(0) != kNoValue && position != 0 && graph.is_constant(node.input(0)))
    return "its constant stands on the left, where kernels take activations only";
  const Links links = link(graph);
  std::set<ValueId> seen;
  if (follows_inputs(graph, links, weight, seen))
    return node.is("MatMul") || node.is("Gemm") ? "both operands are activations" : "the weight is computed";
  const NodeId producer = links.producer[static_cast<std::size_t>(weight)];
  return fmt::format("the weight is computed by '{}' while running", graph.node(producer).name);
}

std::string product_obstacle(const Graph& graph, const Node& node) {
  if (std::string obstacle = weight_obstacle(graph, node, 1); !obstacle.empty()) return obstacle;
  if (graph.value(node.input(1)).initializer.rank() != 2) return "the weight is no matrix";
  if (plain_product(node)) return "";
  return node.int_or("transA", 0) != 0 ? "it transposes its activation (transA)"
                                       : "it scales what is not constant (alpha, beta)";
}

}  // namespace bw
