#include "graph/evaluate.h"
#include "graph/passes/list.h"
#include "graph/rewriter.h"

namespace bw {

bool constant_nodes(Graph& graph) {
  Rewriter rewriter(graph);
  bool changed = false;
  for (const Node& node : std::vector<Node>(graph.nodes)) {
    if (!node.is("Constant") || node.find("sparse_value") || graph.is_output(node.output(0))) continue;
    rewriter.make_constant(node.output(0), evaluate_node(graph, node, {})->at(0));
    changed = true;
  }
  if (changed) rewriter.finish();
  return changed;
}

}  // namespace bw
