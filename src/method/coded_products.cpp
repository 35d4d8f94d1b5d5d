#include "method/coded_products.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "method/blocks.h"

namespace bw {
namespace {

// Why a product's inputs are not whole blocks; empty: they are.
std::string indivisible(const Graph& graph, const Node& node, std::size_t block) {
  const Shape& shape = graph.value(node.input(1)).initializer.shape();
  const auto inner = static_cast<std::size_t>(shape[static_cast<std::size_t>(plain_product(node)->reduced_axis())]);
  return inner % block == 0 ? "" : fmt::format("its {} inputs are not whole blocks of {}", inner, block);
}

}  // namespace

float largest_magnitude(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::fabs(value));
  return largest;
}

void code_products(const Task& task, const KeepFloat& keep, std::size_t block, const ProductCoder& coder, Plan& plan) {
  for (const Node& node : task.graph.nodes) {
    if (!task.target.support(node).weight_only) continue;
    NodePlan& decision = plan.nodes[node.name];
    decision.reason = keep.reason(node);
    if (decision.reason.empty()) decision.reason = task.target.obstacle(task.graph, node);
    if (decision.reason.empty()) decision.reason = indivisible(task.graph, node, block);
    if (!decision.reason.empty()) continue;
    const Value& weight = task.graph.value(node.input(1));
    require_finite(weight);
    decision.operands[1] = coder(weight.initializer, *plain_product(node));
  }
}

}  // namespace bw
