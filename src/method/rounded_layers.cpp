#include "method/rounded_layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/progress.h"
#include "base/stop.h"
#include "graph/links.h"
#include "method/patches.h"
#include "observe/statistics/gram.h"

namespace bw {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 29;  // of Gram matrices that are there at once

using Layers = std::vector<CodedLayer>;

std::size_t gram_bytes(const Graph& graph, const CodedLayer& layer) {
  const Tensor& weight = layer.weight(graph);
  const auto outputs = static_cast<std::size_t>(weight.shape()[layer.by_output(graph) ? 0 : 1]);
  const std::size_t columns = weight.size() / std::max<std::size_t>(outputs, 1);
  return columns * columns * sizeof(double);
}

// Layers that one look at the data serves, in their order: as many as there is memory for.
std::vector<Layers> groups_by_memory(const Graph& graph, const Layers& layers) {
  std::vector<Layers> groups;
  std::set<ValueId> read;
  std::size_t bytes = 0;
  for (const CodedLayer& layer : layers) {
    const ValueId input = graph.node(layer.node).input(0);
    const std::size_t own = read.contains(input) ? 0 : gram_bytes(graph, layer);
    if (groups.empty() || bytes + own > kMostBytes) {
      groups.emplace_back();
      read.clear();
      bytes = 0;
    }
    groups.back().push_back(layer);
    read.insert(input);
    bytes += own;
  }
  return groups;
}

void add_behind(const Graph& graph, const Links& links, NodeId node, std::set<NodeId>& behind) {
  for (const ValueId output : graph.node(node).outputs) {
    if (output == kNoValue) continue;
    for (const Links::Use& use : links.uses[static_cast<std::size_t>(output)])
      if (use.input >= 0 && behind.insert(use.node).second) add_behind(graph, links, use.node, behind);
  }
}

// The same, as long as none reads what another one makes.
std::vector<Layers> groups_by_depth(const Graph& graph, const Layers& layers) {
  const Links links = link(graph);
  std::vector<Layers> groups;
  std::set<NodeId> behind;  // what follows from the group's layers
  for (const CodedLayer& layer : layers) {
    if (groups.empty() || behind.contains(layer.node)) {
      groups.emplace_back();
      behind.clear();
    }
    groups.back().push_back(layer);
    add_behind(graph, links, layer.node, behind);
  }
  return groups;
}

// Of `count` channels from `first` on: [count, count].
std::vector<double> gram_matrix(const GramStatistic& gram, std::size_t first, std::size_t count) {
  std::vector<double> matrix(count * count);
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = i; j < count; ++j)
      matrix[i * count + j] = matrix[j * count + i] = gram.sum(first + i, first + j);
  return matrix;
}

bool round_layer(const Graph& graph, const CodedLayer& layer, const Patches& patches, const GramStatistic& gram,
                 const RowsRounder& rounder, Plan& plan) {
  const QParams& params = layer.params(graph, plan);
  auto rows = weight_rows(layer.weight(graph), layer.by_output(graph), params);
  if (!rows) return false;
  const bool has_free = has_free_scales(layer, graph, plan);
  const std::size_t outputs = rows->outputs / patches.groups;
  std::vector<float> codes;
  for (std::size_t group = 0; group < patches.groups; ++group) {
    WeightRows own = rows->some(group * outputs, outputs);
    const std::vector<double> matrix = gram_matrix(gram, group * patches.columns, patches.columns);
    const std::vector<float> rounded = rounder({layer.node, own, has_free, matrix, params.scheme});
    codes.insert(codes.end(), rounded.begin(), rounded.end());
    rows->put(group * outputs, own);
  }
  store(*rows, codes, layer, graph, plan);
  return true;
}

}  // namespace

std::size_t round_layers(const Task& task, std::string_view name, bool coded_inputs, const RowsRounder& rounder,
                         Plan& plan) {
  if (task.calibrator == nullptr)
    throw Error(ErrorKind::Calibration, fmt::format("'{}' needs data to learn from", name), {}, "Give it with --data");
  const Layers layers = coded_layers(task.graph, plan);
  std::size_t rounded = 0;
  Progress progress(*task.console, fmt::format("{}: layers", name), layers.size());
  for (const Layers& group :
       coded_inputs ? groups_by_depth(task.graph, layers) : groups_by_memory(task.graph, layers)) {
    throw_if_stopped(task.stop);
    Graph graph = coded_inputs ? coded_but(task.graph, plan, group) : task.graph;
    Needs needs;
    std::vector<std::optional<Patches>> patches;
    for (const CodedLayer& layer : group) {
      const auto here = std::ranges::find(graph.nodes, task.graph.node(layer.node).name, &Node::name);
      patches.push_back(add_patches(graph, static_cast<NodeId>(here - graph.nodes.begin())));
      if (patches.back()) needs.add(patches.back()->value, {GramStatistic::kName, patches.back()->axis});
    }
    const Evidence evidence = task.calibrator->glance(graph, needs);
    for (std::size_t i = 0; i < group.size(); ++i, progress.advance()) {
      throw_if_stopped(task.stop);
      if (!patches[i]) continue;
      const auto& gram = evidence.value(patches[i]->value).get<GramStatistic>(patches[i]->axis);
      rounded += round_layer(task.graph, group[i], *patches[i], gram, rounder, plan);
    }
  }
  return rounded;
}

}  // namespace bw
