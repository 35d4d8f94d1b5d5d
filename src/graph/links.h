// What a node's subgraphs take from the graph around them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace bw {

// Calls visit for each graph held by the node's attributes (not for graphs inside those).
void for_each_subgraph(const Node& node, const std::function<void(const Subgraph&)>& visit);
void for_each_subgraph(Node& node, const std::function<void(Subgraph&)>& visit);

// Names of the values that the node's subgraphs, and those inside them, take from around the node; each once.
std::vector<std::string> captured_names(const Node& node);

}  // namespace bw
