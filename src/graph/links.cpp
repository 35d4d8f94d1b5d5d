#include "graph/links.h"

#include <set>
#include <unordered_map>

namespace bw {

namespace {

// One body for const and mutable nodes.
template <class NodeType, class Visit>
void visit_subgraphs(NodeType& node, const Visit& visit) {
  for (auto& attribute : node.attributes) {
    if (auto* one = std::get_if<Subgraph>(&attribute.data); one && *one) visit(*one);
    if (auto* many = std::get_if<std::vector<Subgraph>>(&attribute.data))
      for (auto& subgraph : *many)
        if (subgraph) visit(subgraph);
  }
}

}  // namespace

void for_each_subgraph(const Node& node, const std::function<void(const Subgraph&)>& visit) {
  visit_subgraphs(node, visit);
}

void for_each_subgraph(Node& node, const std::function<void(Subgraph&)>& visit) {
  visit_subgraphs(node, visit);
}

std::vector<std::string> captured_names(const Node& node) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  const auto add = [&](const std::string& name) {
    if (seen.insert(name).second) names.push_back(name);
  };
  for_each_subgraph(node, [&](const Subgraph& subgraph) {
    for (ValueId id : subgraph->captured) add(subgraph->value(id).name);
    std::set<std::string_view> own;
    for (const Node& inner : subgraph->nodes) {
      const std::vector<std::string> wanted = captured_names(inner);
      if (!wanted.empty() && own.empty())
        for (const Value& value : subgraph->values) own.insert(value.name);
      for (const std::string& name : wanted)
        if (!own.contains(name)) add(name);
    }
  });
  return names;
}

std::set<FunctionKey> functions_of(const Graph& model) {
  std::set<FunctionKey> keys;
  for (const Function& function : model.functions) keys.insert(key_of(function));
  return keys;
}

Links link(const Graph& graph) {
  Links links;
  links.producer.assign(graph.values.size(), kNoNode);
  links.uses.resize(graph.values.size());
  std::unordered_map<std::string_view, ValueId> by_name;  // made only when there are subgraphs
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const auto id = static_cast<NodeId>(n);
    for (ValueId output : node.outputs)
      if (output != kNoValue) links.producer[static_cast<std::size_t>(output)] = id;
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      if (node.inputs[i] != kNoValue)
        links.uses[static_cast<std::size_t>(node.inputs[i])].push_back({id, static_cast<int>(i)});
    for (const std::string& name : captured_names(node)) {
      if (by_name.empty())
        for (std::size_t v = 0; v < graph.values.size(); ++v)
          by_name.emplace(graph.values[v].name, static_cast<ValueId>(v));
      const auto at = by_name.find(name);
      if (at != by_name.end()) links.uses[static_cast<std::size_t>(at->second)].push_back({id, -1});
    }
  }
  return links;
}

}  // namespace bw
