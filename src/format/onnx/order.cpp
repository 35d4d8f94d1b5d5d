#include <functional>
#include <queue>
#include <unordered_map>

#include "format/onnx/proto.h"
#include "graph/links.h"

namespace bw::onnx {

bool sort_nodes(Graph& graph) {
  std::vector<NodeId> producer(graph.values.size(), kNoNode);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for (const ValueId id : graph.nodes[i].outputs)
      if (id != kNoValue && producer[static_cast<std::size_t>(id)] == kNoNode)
        producer[static_cast<std::size_t>(id)] = static_cast<NodeId>(i);
  std::unordered_map<std::string_view, ValueId> by_name;
  const auto id_of = [&](const std::string& name) {
    if (by_name.empty())
      for (std::size_t i = 0; i < graph.values.size(); ++i)
        by_name.emplace(graph.values[i].name, static_cast<ValueId>(i));
    const auto found = by_name.find(name);
    return found == by_name.end() ? kNoValue : found->second;
  };
  std::vector<std::vector<NodeId>> users(graph.nodes.size());
  std::vector<std::size_t> waits(graph.nodes.size(), 0);
  bool ordered = true;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto depend = [&](ValueId id) {
      if (id == kNoValue) return;
      const NodeId from = producer[static_cast<std::size_t>(id)];
      if (from == kNoNode) return;
      users[static_cast<std::size_t>(from)].push_back(static_cast<NodeId>(i));
      ++waits[i];
      ordered &= from < static_cast<NodeId>(i);
    };
    for (const ValueId id : graph.nodes[i].inputs) depend(id);
    for (const std::string& name : captured_names(graph.nodes[i])) depend(id_of(name));
  }
  if (ordered) return false;
  std::priority_queue<NodeId, std::vector<NodeId>, std::greater<>> ready;
  for (std::size_t i = 0; i < waits.size(); ++i)
    if (waits[i] == 0) ready.push(static_cast<NodeId>(i));
  std::vector<Node> sorted;
  std::vector<bool> placed(graph.nodes.size(), false);
  for (; !ready.empty();) {
    const auto i = static_cast<std::size_t>(ready.top());
    ready.pop();
    placed[i] = true;
    sorted.push_back(std::move(graph.nodes[i]));
    for (const NodeId user : users[i])
      if (--waits[static_cast<std::size_t>(user)] == 0) ready.push(user);
  }
  for (std::size_t i = 0; i < placed.size(); ++i)
    if (!placed[i]) sorted.push_back(std::move(graph.nodes[i]));
  graph.nodes = std::move(sorted);
  return true;
}

}  // namespace bw::onnx
