#include "bench/output_kind.h"

#include <algorithm>
#include <array>

namespace bw {
namespace {

// Nodes that give their first input's elements with the last axis as it was.
constexpr std::array<std::string_view, 5> kLookedThrough{"Identity", "Cast", "Squeeze", "Unsqueeze", "Dropout"};

NodeId producer_of(const Graph& graph, ValueId value) {
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    if (std::ranges::find(graph.nodes[n].outputs, value) != graph.nodes[n].outputs.end()) return static_cast<NodeId>(n);
  return kNoNode;
}

bool is_constant_product(const Graph& graph, const Node& node) {
  return (node.is("MatMul") || node.is("Gemm")) && node.input(1) != kNoValue && graph.is_constant(node.input(1));
}

bool along_last_axis(const Graph& graph, const Node& node) {
  const std::int64_t axis = node.int_or("axis", -1);
  const auto& shape = graph.value(node.output(0)).type.shape;
  return axis == -1 || (shape && axis == static_cast<std::int64_t>(shape->size()) - 1);
}

// A bias behind a product: the other operand is constant.
NodeId biased(const Graph& graph, const Node& node) {
  for (const std::size_t side : {0u, 1u})
    if (graph.is_constant(node.input(1 - side))) return producer_of(graph, node.input(side));
  return kNoNode;
}

}  // namespace

bool gives_class_scores(const Graph& graph) {
  if (graph.outputs.empty()) return false;
  NodeId at = producer_of(graph, graph.outputs.front());
  while (at != kNoNode && std::ranges::find(kLookedThrough, graph.node(at).op_type) != kLookedThrough.end())
    at = producer_of(graph, graph.node(at).input(0));
  if (at != kNoNode && graph.node(at).is("Add")) at = biased(graph, graph.node(at));
  if (at == kNoNode) return false;
  const Node& node = graph.node(at);
  if (node.is("Softmax") || node.is("LogSoftmax")) return along_last_axis(graph, node);
  return is_constant_product(graph, node);
}

}  // namespace bw
