#include "graph/passes/dequantize.h"

#include "base/error.h"
#include "graph/evaluate.h"
#include "graph/rewriter.h"

namespace bw {

namespace {

bool all_constant(const Graph& graph, const Node& node) {
  for (const ValueId id : node.inputs)
    if (id != kNoValue && !graph.is_constant(id)) return false;
  return true;
}

Tensor decoded(const Graph& graph, const Node& node) {
  std::vector<Tensor> inputs;
  for (const ValueId id : node.inputs) inputs.push_back(id == kNoValue ? Tensor{} : graph.value(id).initializer);
  return evaluate_node(graph, node, inputs)->at(0);
}

}  // namespace

bool dequantize(Graph& graph) {
  Rewriter rewriter(graph);
  bool changed = false;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node node = graph.nodes[n];
    if (!node.is("DequantizeLinear") || graph.is_output(node.output(0))) continue;
    const NodeId quantize = rewriter.producer(node.input(0));
    if (all_constant(graph, node))
      rewriter.make_constant(node.output(0), decoded(graph, node));
    else if (quantize != kNoNode && graph.node(quantize).is("QuantizeLinear"))
      rewriter.replace_uses(node.output(0), graph.node(quantize).input(0));
    else
      continue;
    changed = true;
  }
  rewriter.finish();
  return changed;
}

}  // namespace bw
