// Text form of a graph, for people and tests. parse(print(g)) has the same content hash as g.
#pragma once

#include <string>
#include <string_view>

#include "graph/graph.h"

namespace bw {

std::string print(const Graph& graph);
Graph parse_graph(std::string_view text, std::string_view where = "graph text");  // InputError(format) with line:column

}  // namespace bw
