#include "method/minimum_cut.h"

#include <algorithm>
#include <deque>
#include <limits>

namespace bw {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

}  // namespace

void FlowNetwork::add_edge(std::size_t from, std::size_t to, std::int64_t capacity) {
  edges_of_[from].push_back(edges_.size());
  edges_.push_back({to, capacity});
  edges_of_[to].push_back(edges_.size());
  edges_.push_back({from, 0});
}

// Along a shortest path that has capacity left; false when there is none.
bool FlowNetwork::augment() {
  std::vector<std::size_t> reached_by(edges_of_.size(), kNone);  // the edge
  std::deque<std::size_t> front{kSource};
  while (!front.empty() && reached_by[kSink] == kNone) {
    const std::size_t node = front.front();
    front.pop_front();
    for (const std::size_t e : edges_of_[node]) {
      const Edge& edge = edges_[e];
      if (edge.left <= 0 || edge.to == kSource || reached_by[edge.to] != kNone) continue;
      reached_by[edge.to] = e;
      front.push_back(edge.to);
    }
  }
  if (reached_by[kSink] == kNone) return false;
  std::int64_t flow = std::numeric_limits<std::int64_t>::max();
  const auto along_path = [&](auto&& visit) {
    for (std::size_t node = kSink; node != kSource; node = edges_[reached_by[node] ^ 1].to) visit(reached_by[node]);
  };
  along_path([&](std::size_t e) { flow = std::min(flow, edges_[e].left); });
  along_path([&](std::size_t e) {
    edges_[e].left -= flow;
    edges_[e ^ 1].left += flow;
  });
  return true;
}

std::vector<bool> FlowNetwork::sink_side() && {
  while (augment()) {
  }
  std::vector<bool> reaches(edges_of_.size(), false);  // the sink, by edges that have capacity left
  std::deque<std::size_t> front{kSink};
  reaches[kSink] = true;
  while (!front.empty()) {
    const std::size_t node = front.front();
    front.pop_front();
    for (const std::size_t e : edges_of_[node]) {
      const std::size_t before = edges_[e].to;
      if (reaches[before] || edges_[e ^ 1].left <= 0) continue;
      reaches[before] = true;
      front.push_back(before);
    }
  }
  return reaches;
}

}  // namespace bw
