// Before IR version 4 every initializer had to be listed as an input too; nobody meant it to be fed.
#include <algorithm>

#include "graph/passes/list.h"

namespace bw {

bool freeze_inputs(Graph& graph) {
  if (graph.ir_version >= 4) return false;
  return std::erase_if(graph.inputs, [&](ValueId id) { return graph.value(id).initializer.defined(); }) > 0;
}

}  // namespace bw
