#include <algorithm>

#include "graph/passes/list.h"
#include "graph/rewriter.h"

namespace bw {

bool remove_dead_code(Graph& graph) {
  const std::size_t nodes_before = graph.nodes.size(), values_before = graph.values.size();
  Rewriter rewriter(graph);
  for (std::size_t n = graph.nodes.size(); n-- > 0;) {
    const std::vector<ValueId>& outputs = graph.nodes[n].outputs;
    const bool needed = std::any_of(outputs.begin(), outputs.end(), [&](ValueId id) {
      return id != kNoValue && (!rewriter.uses(id).empty() || graph.is_output(id));
    });
    if (!needed) rewriter.remove_node(static_cast<NodeId>(n));
  }
  rewriter.finish();
  return graph.nodes.size() != nodes_before || graph.values.size() != values_before;
}

}  // namespace bw
