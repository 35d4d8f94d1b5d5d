// Nodes that need a newer opset than the model has.
#include <algorithm>

#include "format/onnx/onnx.h"
#include "target/lower/onnxruntime.h"

namespace bw {
namespace {

// Codes of 4 bits, and scales of blocks, came to ONNX's own operators with this one.
constexpr std::int64_t kOpset = 21;

// Than what the opset before had.
bool is_newer(DType dtype) {
  return info(dtype).bits < 8 || (info(dtype).bits == 8 && info(dtype).is_float);
}

bool decodes(const Graph& graph, const Node& node) {
  if (!node.domain.empty()) return false;
  if (node.is("DequantizeLinear") && node.int_or("block_size", 0) != 0) return true;
  return std::ranges::any_of(node.inputs, [&](ValueId id) {
    return id != kNoValue && graph.is_constant(id) && is_newer(graph.value(id).initializer.dtype());
  });
}

ValueId value_like(Graph& graph, const Value& value) {
  if (const ValueId known = graph.find(value.name); known != kNoValue) return known;
  graph.values.push_back(value);
  return static_cast<ValueId>(graph.values.size()) - 1;
}

// The node of `from`, reading and making values of the same names.
Node moved(const Graph& from, const Node& node, Graph& to) {
  Node copy = node;
  for (std::vector<ValueId>* ids : {&copy.inputs, &copy.outputs})
    for (ValueId& id : *ids)
      if (id != kNoValue) id = value_like(to, from.value(id));
  return copy;
}

}  // namespace

Graph with_opset_of_blocks(const Graph& graph) {
  const auto is_decoder = [&](const Node& node) { return decodes(graph, node); };
  if (graph.opset() >= kOpset || std::ranges::none_of(graph.nodes, is_decoder)) return graph;
  // What there is in the older opset is converted, with the numbers that decoders give as inputs.
  Graph older = graph;
  std::erase_if(older.nodes, is_decoder);
  for (const Node& node : graph.nodes)
    if (is_decoder(node)) older.inputs.push_back(node.output(0));
  for (Value& value : older.values)
    if (value.initializer.defined() && is_newer(value.initializer.dtype())) value.initializer = {};
  Graph newer = onnx::convert_opset(older, kOpset);
  newer.inputs.resize(graph.inputs.size());
  std::vector<Node> nodes;
  for (const Node& node : graph.nodes)
    if (is_decoder(node)) nodes.push_back(moved(graph, node, newer));
  newer.nodes.insert(newer.nodes.begin(), nodes.begin(), nodes.end());
  return newer;
}

}  // namespace bw
