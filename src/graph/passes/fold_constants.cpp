// Computes nodes whose inputs are all constant, as long as the file does not grow by it.
#include <algorithm>

#include "base/error.h"
#include "graph/evaluate.h"
#include "graph/links.h"
#include "graph/passes/list.h"
#include "graph/rewriter.h"

namespace bw {

namespace {

// A result may have this many elements, or as many as its inputs together: so Expand, Tile and ConstantOfShape stay.
constexpr std::uint64_t kSmall = 1 << 14;
// All results of one run together may take this many bytes more than the constants that were there.
constexpr std::uint64_t kGrowth = std::uint64_t{64} << 20;

// Not folded: what differs from run to run, and DequantizeLinear, whose codes are the point of a quantized model.
bool may_fold(const Node& node) {
  static constexpr std::string_view kKept[] = {"Bernoulli",        "Constant",       "DequantizeLinear",
                                               "Multinomial",      "QuantizeLinear", "RandomNormal",
                                               "RandomNormalLike", "RandomUniform",  "RandomUniformLike"};
  if (std::binary_search(std::begin(kKept), std::end(kKept), std::string_view(node.op_type))) return false;
  bool holds_graph = false;
  for_each_subgraph(node, [&](const Subgraph&) { holds_graph = true; });
  return !holds_graph;
}

// Inputs of a node when all are constant.
std::optional<std::vector<Tensor>> constant_inputs(const Graph& graph, const std::vector<bool>& is_input,
                                                   const Node& node) {
  std::vector<Tensor> inputs;
  for (ValueId id : node.inputs) {
    inputs.emplace_back();
    if (id == kNoValue) continue;
    if (!graph.value(id).initializer.defined() || is_input[static_cast<std::size_t>(id)]) return std::nullopt;
    inputs.back() = graph.value(id).initializer;
  }
  return inputs;
}

std::optional<std::vector<Tensor>> compute(const Graph& graph, const Node& node, const std::vector<Tensor>& inputs) {
  std::uint64_t elements = 0;
  for (const Tensor& input : inputs) elements += input.size();
  try {
    return evaluate_node(graph, node, inputs, std::max(kSmall, elements));
  } catch (const Error&) {
    return std::nullopt;  // too big, or wrong in a way that the runtime will tell when the node is reached
  }
}

}  // namespace

bool fold_constants(Graph& graph) {
  Rewriter rewriter(graph);
  std::uint64_t budget = kGrowth;
  for (const Value& value : graph.values) budget += value.initializer.bytes().size();
  std::vector<bool> is_input(graph.values.size(), false);
  for (ValueId id : graph.inputs) is_input[static_cast<std::size_t>(id)] = true;
  bool changed = false;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node node = graph.nodes[n];
    const bool gives_output = std::any_of(node.outputs.begin(), node.outputs.end(),
                                          [&](ValueId id) { return id != kNoValue && graph.is_output(id); });
    if (gives_output || !may_fold(node)) continue;
    const auto inputs = constant_inputs(graph, is_input, node);
    if (!inputs) continue;
    const auto outputs = compute(graph, node, *inputs);
    if (!outputs || outputs->size() < node.outputs.size()) continue;
    std::uint64_t bytes = 0;
    for (const Tensor& output : *outputs) bytes += output.bytes().size();
    if (bytes > budget) continue;
    budget -= bytes;
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      if (node.outputs[i] != kNoValue) rewriter.make_constant(node.outputs[i], (*outputs)[i]);
    changed = true;
  }
  if (changed) rewriter.finish();
  return changed;
}

}  // namespace bw
