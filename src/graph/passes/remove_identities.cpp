// Takes out nodes that give back their first input.
#include <algorithm>

#include "graph/passes/list.h"
#include "graph/rewriter.h"
#include "tensor/convert.h"

namespace bw {

namespace {

bool all_zero(const Graph& graph, ValueId id) {
  if (!graph.is_constant(id) || !graph.value(id).initializer.defined()) return false;
  const std::vector<double> values = to_doubles(graph.value(id).initializer);
  return std::all_of(values.begin(), values.end(), [](double x) { return x == 0; });
}

// The same shape for every input: all dimensions are equal but one at most, which then follows from the count.
bool keeps_shape(const Graph& graph, const Node& node) {
  const ValueType &from = graph.value(node.inputs[0]).type, &to = graph.value(node.outputs[0]).type;
  if (!from.shape || !to.shape || from.shape->size() != to.shape->size()) return false;
  int open = 0;
  for (std::size_t i = 0; i < from.shape->size(); ++i) {
    const Dim &a = (*from.shape)[i], &b = (*to.shape)[i];
    if (a.known() != b.known() || (a.known() && (a.value != b.value || a.value == 0))) return false;
    if (!a.known() && (a.symbol.empty() || a.symbol != b.symbol)) ++open;
  }
  return open <= 1;
}

bool no_dropout(const Graph& graph, const Node& node) {
  return node.output(1) == kNoValue && (node.input(2) == kNoValue || all_zero(graph, node.input(2)));
}

bool same_type(const Graph& graph, const Node& node) {
  const DType from = graph.value(node.inputs[0]).type.dtype;
  return from != DType::Undefined && node.int_or("to", 0) == static_cast<std::int64_t>(from);
}

bool keeps_order(const Graph&, const Node& node) {
  const std::vector<std::int64_t> perm = node.ints_or("perm", {});
  for (std::size_t i = 0; i < perm.size(); ++i)
    if (perm[i] != static_cast<std::int64_t>(i)) return false;
  return !perm.empty();
}

bool pads_nothing(const Graph& graph, const Node& node) {
  if (node.input(1) != kNoValue) return all_zero(graph, node.input(1));
  const std::vector<std::int64_t> pads = node.ints_or("pads", {1});
  return std::all_of(pads.begin(), pads.end(), [](std::int64_t pad) { return pad == 0; });
}

struct Rule {
  std::string_view op;
  bool (*holds)(const Graph&, const Node&);
};

constexpr Rule kRules[] = {
    {"Cast", same_type},        {"Concat", [](const Graph&, const Node& node) { return node.inputs.size() == 1; }},
    {"Dropout", no_dropout},    {"Expand", keeps_shape},
    {"Flatten", keeps_shape},   {"Identity", [](const Graph&, const Node&) { return true; }},
    {"Pad", pads_nothing},      {"Reshape", keeps_shape},
    {"Transpose", keeps_order},
};

bool gives_back_its_input(const Graph& graph, const Node& node) {
  const auto rule =
      std::find_if(std::begin(kRules), std::end(kRules), [&](const Rule& entry) { return node.is(entry.op); });
  return rule != std::end(kRules) && node.input(0) != kNoValue && node.output(0) != kNoValue &&
         rule->holds(graph, node);
}

}  // namespace

bool remove_identities(Graph& graph) {
  Rewriter rewriter(graph);
  bool changed = false;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (!gives_back_its_input(graph, node)) continue;
    const ValueId from = node.outputs[0];
    if (!rewriter.replace_uses(from, node.inputs[0])) continue;
    changed = true;
    if (!graph.is_output(from)) rewriter.remove_node(static_cast<NodeId>(n));
  }
  if (changed) rewriter.finish();
  return changed;
}

}  // namespace bw
