#include "method/logarithms.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "graph/ops/op.h"

namespace bw {
namespace {

const std::set<std::string_view> kKeepProportions{"Neg",  "Conv",      "MatMul",     "Gemm",     "Einsum", "Add", "Sub",
                                                  "Mul",  "Div",       "Pow",        "Sqrt",     "Abs",    "Sum", "Max",
                                                  "Clip", "ReduceSum", "ReduceMean", "ReduceL2", "Concat", "Pad"};

bool keeps_proportions(const Node& node) {
  const OpInfo* op = find_op(node);
  return node.domain.empty() &&
         (kKeepProportions.contains(node.op_type) || (op != nullptr && op->flow == DataFlow::Move));
}

}  // namespace

void keep_logarithms(const Graph& graph, KeepFloat& keep) {
  const Links links = link(graph);
  std::set<NodeId> found;
  std::vector<NodeId> open;
  const auto look_before = [&](const Node& node) {
    for (const ValueId input : node.inputs) {
      const NodeId before = input == kNoValue ? kNoNode : links.producer[static_cast<std::size_t>(input)];
      if (before != kNoNode && keeps_proportions(graph.node(before)) && found.insert(before).second)
        open.push_back(before);
    }
  };
  for (const Node& node : graph.nodes)
    if (node.is("Log")) look_before(node);
  while (!open.empty()) {
    const Node& node = graph.node(open.back());
    open.pop_back();
    keep.add(node.name, "its result goes into a logarithm, where small numbers count as much as large ones");
    look_before(node);
  }
}

}  // namespace bw
