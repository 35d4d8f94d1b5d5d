// Reshape to [first dimension, everything else] is Flatten with axis 1, whatever way the exporter wrote it.
#include <limits>

#include "graph/ops/op.h"
#include "graph/passes/list.h"
#include "graph/rewriter.h"
#include "tensor/convert.h"

namespace bw {

namespace {

// The extent of all dimensions but the first, or -1 when it is not known or beyond any tensor.
std::int64_t rest_of(const std::vector<Dim>& shape) {
  std::int64_t rest = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) {
    const std::int64_t extent = shape[i].value;
    if (!shape[i].known() || (extent > 0 && rest > std::numeric_limits<std::int64_t>::max() / extent)) return -1;
    rest *= extent;
  }
  return rest;
}

bool flattens(const Graph& graph, const Node& node) {
  if (!node.is("Reshape") || int_of(node, "allowzero") != 0 || node.input(0) == kNoValue ||
      !graph.is_constant(node.input(1)))
    return false;
  const ValueType& type = graph.value(node.inputs[0]).type;
  if (!type.shape || type.shape->empty() || (graph.opset() < 9 && !info(type.dtype).is_float)) return false;
  const std::vector<std::int64_t> target = to_int64s(graph.value(node.inputs[1]).initializer);
  if (target.size() != 2) return false;
  const Dim& first = type.shape->front();
  const std::int64_t rest = rest_of(*type.shape);
  const bool keeps_first = target[0] == 0 || (first.known() && first.value > 0 && target[0] == first.value);
  const bool keeps_rest = rest > 0 && target[1] == rest;
  return (keeps_first && (target[1] == -1 || keeps_rest)) || (target[0] == -1 && keeps_rest);
}

}  // namespace

bool flatten_reshapes(Graph& graph) {
  Rewriter rewriter(graph);
  bool changed = false;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    if (!flattens(graph, graph.nodes[n])) continue;
    const auto id = static_cast<NodeId>(n);
    rewriter.set_input(id, 1, kNoValue);
    Node& node = rewriter.edit(id);
    node.op_type = "Flatten";
    node.attributes.clear();
    node.set("axis", std::int64_t{1});
    changed = true;
  }
  if (changed) rewriter.finish();
  return changed;
}

}  // namespace bw
