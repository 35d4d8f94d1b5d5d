#include "method/quiet.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "graph/links.h"

namespace bw {
namespace {

constexpr std::string_view kProportional[] = {"Abs",         "Add",
                                              "AveragePool", "BatchNormalization",
                                              "Cast",        "Clip",
                                              "Concat",      "Conv",
                                              "Div",         "Expand",
                                              "Flatten",     "Gather",
                                              "Gemm",        "Identity",
                                              "MatMul",      "Max",
                                              "Min",         "Mul",
                                              "Neg",         "Pad",
                                              "Pow",         "ReduceL2",
                                              "ReduceMax",   "ReduceMean",
                                              "ReduceSum",   "ReduceSumSquare",
                                              "Reshape",     "Slice",
                                              "Split",       "Sqrt",
                                              "Squeeze",     "Sub",
                                              "Sum",         "Transpose",
                                              "Unsqueeze"};

bool proportional(const Node& node) {
  return std::find(std::begin(kProportional), std::end(kProportional), node.op_type) != std::end(kProportional);
}

}  // namespace

std::set<NodeId> before_logarithms(const Graph& graph) {
  const Links links = link(graph);
  std::set<NodeId> found;
  std::vector<ValueId> waiting;
  for (const Node& node : graph.nodes)
    if (node.is("Log")) waiting.push_back(node.input(0));
  while (!waiting.empty()) {
    const ValueId value = waiting.back();
    waiting.pop_back();
    const NodeId producer = value == kNoValue ? kNoNode : links.producer[static_cast<std::size_t>(value)];
    if (producer == kNoNode || !proportional(graph.node(producer)) || !found.insert(producer).second) continue;
    for (const ValueId input : graph.node(producer).inputs) waiting.push_back(input);
  }
  return found;
}

}  // namespace bw
