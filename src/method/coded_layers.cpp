#include "method/coded_layers.h"

#include <algorithm>

#include "graph/ops/op.h"
#include "graph/ops/product.h"
#include "graph/rewriter.h"
#include "target/target.h"

namespace bw {
namespace {

bool follow_from_rounding(const QParams& params) {
  return !params.codes && params.codebook.empty() && params.biases.empty() && info(params.scheme.code).is_integer;
}

}  // namespace

bool CodedLayer::by_output(const Graph& graph) const {
  const auto product = plain_product(graph.node(node));
  return !product || product->transposed;
}

std::vector<CodedLayer> layers_with(const Graph& graph, const Plan& plan, bool (*are_wanted)(const QParams&)) {
  std::vector<CodedLayer> layers;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (!plain_product(node) && !node.is("Conv")) continue;
    const int input = find_op(node)->weight_input;
    const auto decision = plan.nodes.find(node.name);
    if (decision == plan.nodes.end()) continue;
    const auto operand = decision->second.operands.find(input);
    if (operand != decision->second.operands.end() && are_wanted(operand->second))
      layers.push_back({static_cast<NodeId>(n), input});
  }
  return layers;
}

std::vector<CodedLayer> coded_layers(const Graph& graph, const Plan& plan) {
  return layers_with(graph, plan, follow_from_rounding);
}

Graph coded_but(const Graph& graph, const Plan& plan, std::span<const CodedLayer> layers) {
  Plan before = plan;
  before.edits.clear();  // the graph has them
  before.lowering.clear();
  for (const CodedLayer& layer : layers) before.nodes.at(graph.node(layer.node).name).operands.clear();
  Graph coded = built(graph, before).graph;
  Rewriter rewriter(coded);
  for (const CodedLayer& layer : layers) {  // a weight that is tied to another one is computed from it by now
    const std::string& name = graph.node(layer.node).name;
    const auto here = std::ranges::find(coded.nodes, name, &Node::name);
    rewriter.set_input(static_cast<NodeId>(here - coded.nodes.begin()), static_cast<std::size_t>(layer.input),
                       rewriter.add_constant(name + "_exact", layer.weight(graph)));
  }
  rewriter.finish();
  return coded;
}

bool has_free_scales(const CodedLayer& layer, const Graph& graph, const Plan& plan) {
  return plan.nodes.at(graph.node(layer.node).name).compute == Precision::Float32;
}

std::optional<WeightRows> rows_in_blocks(const CodedLayer& layer, const Graph& graph, Plan& plan) {
  const QParams& params = layer.params(graph, plan);
  if (params.scheme.granularity == Granularity::Tensor || !has_free_scales(layer, graph, plan)) return std::nullopt;
  return weight_rows(layer.weight(graph), layer.by_output(graph), params);
}

void store(const WeightRows& rows, const std::vector<float>& codes, const CodedLayer& layer, const Graph& graph,
           Plan& plan) {
  QParams& params = layer.params(graph, plan);
  const bool by_output = layer.by_output(graph);
  set_parameters(rows, by_output, params);
  params.codes = stored_codes(codes, layer.weight(graph).shape(), by_output, params.scheme.code);
}

}  // namespace bw
