// Initializers that are also listed as inputs: before IR version 4 all had to be, and nobody meant them to be fed;
// since then they are defaults that a caller may replace, which methods take as they are.
#include <algorithm>

#include "graph/passes/list.h"

namespace bw {

bool freeze_inputs(Graph& graph) {
  return std::erase_if(graph.inputs, [&](ValueId id) { return graph.value(id).initializer.defined(); }) > 0;
}

}  // namespace bw
