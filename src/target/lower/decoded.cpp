// What the lowering steps share: seeing through DequantizeLinear, and replacing a node.
#include "graph/ops/op.h"
#include "target/lower/steps.h"

namespace bw {

std::optional<Decoded> decoded(const Rewriter& rewriter, ValueId value) {
  if (value == kNoValue) return std::nullopt;
  const NodeId producer = rewriter.producer(value);
  if (producer == kNoNode || !rewriter.graph().node(producer).is("DequantizeLinear")) return std::nullopt;
  const Node& node = rewriter.graph().node(producer);
  return Decoded{.node = producer,
                 .codes = node.input(0),
                 .scale = node.input(1),
                 .zero_point = node.input(2),
                 .axis = int_of(node, "axis"),
                 .block_size = int_of(node, "block_size")};
}

std::optional<Decoded> decoded_constant(const Rewriter& rewriter, ValueId value) {
  const auto found = decoded(rewriter, value);
  if (!found) return std::nullopt;
  const Graph& graph = rewriter.graph();
  const bool constant = graph.is_constant(found->codes) && graph.is_constant(found->scale) &&
                        (found->zero_point == kNoValue || graph.is_constant(found->zero_point));
  return constant ? found : std::nullopt;
}

const Tensor& constant(const Rewriter& rewriter, ValueId value) {
  return rewriter.graph().value(value).initializer;
}

const Node* producer_of(const Rewriter& rewriter, ValueId value, std::string_view op) {
  const NodeId producer = rewriter.producer(value);
  return producer != kNoNode && rewriter.graph().node(producer).is(op) ? &rewriter.graph().node(producer) : nullptr;
}

bool is_removed(const Rewriter& rewriter, NodeId node) {
  const std::vector<ValueId>& outputs = rewriter.graph().node(node).outputs;
  for (const ValueId output : outputs)
    if (output != kNoValue && rewriter.producer(output) == node) return false;
  return true;
}

void remove_unused(Rewriter& rewriter, NodeId node) {
  if (node == kNoNode) return;
  const Node removed = rewriter.graph().node(node);
  for (const ValueId output : removed.outputs)
    if (output != kNoValue && (!rewriter.uses(output).empty() || rewriter.graph().is_output(output))) return;
  rewriter.remove_node(node);
  for (const ValueId input : removed.inputs)
    if (input != kNoValue) remove_unused(rewriter, rewriter.producer(input));
}

void replace_node(Rewriter& rewriter, NodeId node, ValueId result) {
  rewriter.replace_uses(rewriter.graph().node(node).output(0), result);
  remove_unused(rewriter, node);
}

}  // namespace bw
