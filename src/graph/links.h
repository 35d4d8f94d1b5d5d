// What ties a node to other graphs: those inside it, and the function that it calls.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "graph/graph.h"

namespace bw {

// Calls visit for each graph held by the node's attributes (not for graphs inside those).
void for_each_subgraph(const Node& node, const std::function<void(const Subgraph&)>& visit);
void for_each_subgraph(Node& node, const std::function<void(Subgraph&)>& visit);

// Names of the values that the node's subgraphs, and those inside them, take from around the node; each once.
std::vector<std::string> captured_names(const Node& node);

// What a node says when it calls a function of the model: domain, name, overload. It stands before the operators.
using FunctionKey = std::tuple<std::string_view, std::string_view, std::string_view>;
inline FunctionKey key_of(const Node& node) {
  return {node.domain, node.op_type, node.overload};
}
inline FunctionKey key_of(const Function& function) {
  return {function.domain, function.name, function.overload};
}
std::set<FunctionKey> functions_of(const Graph& model);

}  // namespace bw
