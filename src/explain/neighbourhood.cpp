#include "explain/neighbourhood.h"

#include <algorithm>
#include <set>

namespace bw {

Surroundings::Surroundings(const Graph& graph) : graph_(graph), links_(link(graph)) {
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) by_name_[graph.nodes[n].name] = static_cast<NodeId>(n);
}

Neighbourhood Surroundings::of(const std::vector<std::string>& names) const {
  constexpr std::size_t kMost = 32;
  std::set<NodeId> own, all;
  for (const std::string& name : names)
    if (const auto found = by_name_.find(name); found != by_name_.end()) own.insert(found->second);
  all = own;
  const auto add = [&](NodeId id) {
    if (id != kNoNode && all.size() < kMost) all.insert(id);
  };
  for (const NodeId id : own) {
    for (const ValueId input : graph_.node(id).inputs)
      if (input != kNoValue) add(links_.producer[static_cast<std::size_t>(input)]);
    for (const ValueId output : graph_.node(id).outputs)
      if (output != kNoValue)
        for (const Links::Use& use : links_.uses[static_cast<std::size_t>(output)]) add(use.node);
  }
  Neighbourhood around;
  std::map<NodeId, std::size_t> place;
  for (const NodeId id : all) {
    place[id] = around.nodes.size();
    around.nodes.push_back({graph_.node(id).name, graph_.node(id).op_type, own.contains(id)});
  }
  for (const NodeId id : all) {
    std::set<std::size_t> makers;
    for (const ValueId input : graph_.node(id).inputs) {
      const NodeId maker = input == kNoValue ? kNoNode : links_.producer[static_cast<std::size_t>(input)];
      if (const auto found = place.find(maker); found != place.end()) makers.insert(found->second);
    }
    for (const std::size_t maker : makers) around.edges.emplace_back(maker, place[id]);
  }
  return around;
}

}  // namespace bw
