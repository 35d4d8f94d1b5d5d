// Nodes go back to float where that is faster. What the runtime measures of every node, coded and in float, and of the
// conversions between them makes a network whose minimum cut is the fastest division; it is taken if the whole model is
// then measured to be faster.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "method/catalog.h"
#include "method/minimum_cut.h"
#include "observe/statistics/moments.h"

namespace bw {
namespace {

constexpr double kWorthIt = 0.97;  // of the time before

// What hands codes on or could.
bool is_codable(const Task& task, const Node& node) {
  return task.target.support(node).integer != IntegerKernel::None;
}
bool is_float_value(const Graph& graph, ValueId value) {
  return value != kNoValue && !graph.is_constant(value) && graph.value(value).type.dtype == DType::Float32;
}

// Seconds of a run by node.
class NodeSeconds {
 public:
  explicit NodeSeconds(const std::vector<NodeTime>& profile) {
    for (const NodeTime& time : profile)
      if (time.calls > 0) seconds_[time.node] += time.seconds / static_cast<double>(time.calls);
  }
  double of(const std::string& node) const {
    const auto found = seconds_.find(node);
    return found == seconds_.end() ? 0 : found->second;
  }

 private:
  std::map<std::string, double> seconds_;
};

// What it takes to convert a value between floats and codes, by its number of elements.
class ConversionTime {
 public:
  ConversionTime(const Evidence& evidence, const std::vector<NodeTime>& coded) : evidence_(evidence) {
    double elements = 0, seconds = 0;
    for (const NodeTime& time : coded) {
      if (time.kernel != "QuantizeLinear" || time.calls == 0) continue;
      const std::string value = time.node.substr(0, time.node.rfind("_quantized"));
      if (!evidence.has(value)) continue;
      elements += elements_of(value);
      seconds += time.seconds / static_cast<double>(time.calls);
    }
    if (elements > 0) per_element_ = seconds / elements;
  }
  double of(const std::string& value) const { return evidence_.has(value) ? per_element_ * elements_of(value) : 0; }

 private:
  double elements_of(const std::string& value) const {
    return static_cast<double>(evidence_.value(value).get<MomentsStatistic>().count());
  }

  const Evidence& evidence_;
  double per_element_ = 0;  // of all samples' elements
};

struct Slow {
  std::string node;
  double coded = 0, original = 0;  // seconds
};

class Division {
 public:
  Division(const Task& task, const Plan& plan, const NodeSeconds& coded, const NodeSeconds& original,
           const ConversionTime& conversion)
      : task_(task), plan_(plan), links_(link(task.graph)), coded_(coded), original_(original) {
    group_nodes();
    for (const Node& node : task.graph.nodes)
      for (const ValueId value : node.outputs)
        if (is_float_value(task.graph, value)) add_conversions(value, conversion);
    for (const ValueId value : task.graph.inputs)
      if (is_float_value(task.graph, value)) add_conversions(value, conversion);
  }

  // The nodes that are faster in float.
  std::vector<Slow> slow() && {
    const std::vector<bool> in_float = std::move(network_).sink_side();
    std::vector<Slow> found;
    for (const Node& node : task_.graph.nodes)
      if (const auto place = place_.find(node.name); place != place_.end() && in_float[place->second])
        found.push_back({node.name, coded_.of(node.name), original_.of(node.name)});
    return found;
  }

 private:
  // Nanoseconds: what a network's flow adds up exactly.
  static std::int64_t capacity(double seconds) { return std::llround(seconds * 1e9); }

  bool is_coded(const Node& node) const {
    const auto found = plan_.nodes.find(node.name);
    return found != plan_.nodes.end() && found->second.compute == Precision::Integer && is_codable(task_, node);
  }
  NodeId producer(ValueId value) const {
    return value == kNoValue ? kNoNode : links_.producer[static_cast<std::size_t>(value)];
  }

  // Kernels take activation functions and added constants of their producer's result with them, under either name.
  bool goes_with_producer(const Node& node) const {
    if (task_.target.support(node).integer == IntegerKernel::Absorbed) return true;
    return node.is("Add") && std::ranges::any_of(node.inputs, [&](ValueId id) { return task_.graph.is_constant(id); });
  }

  void group_nodes() {
    for (const Node& node : task_.graph.nodes) {
      if (!is_coded(node)) continue;
      const NodeId before = producer(node.input(0));
      const auto joined = before == kNoNode ? place_.end() : place_.find(task_.graph.node(before).name);
      const bool joins = joined != place_.end() && goes_with_producer(node);
      const std::size_t place = joins ? joined->second : network_.add_node();
      place_[node.name] = place;
      network_.add_edge(FlowNetwork::kSource, place, capacity(original_.of(node.name)));
      network_.add_edge(place, FlowNetwork::kSink, capacity(coded_.of(node.name)));
    }
  }

  // What computes in float whatever happens lies at the sink.
  std::size_t place_of(NodeId node) const {
    const auto found = node == kNoNode ? place_.end() : place_.find(task_.graph.node(node).name);
    return found == place_.end() ? FlowNetwork::kSink : found->second;
  }

  // A value is converted once, where its producer and any of its users are on different sides.
  void add_conversions(ValueId value, const ConversionTime& conversion) {
    const std::int64_t cost = capacity(conversion.of(task_.graph.value(value).name));
    const std::size_t from = place_of(producer(value));
    std::set<std::size_t> users;
    for (const Links::Use& use : links_.uses[static_cast<std::size_t>(value)]) users.insert(place_of(use.node));
    if (task_.graph.is_output(value)) users.insert(FlowNetwork::kSink);
    users.erase(from);
    if (cost == 0 || users.empty()) return;
    const std::size_t decoded = network_.add_node(), encoded = network_.add_node();
    network_.add_edge(from, decoded, cost);
    network_.add_edge(encoded, from, cost);
    for (const std::size_t user : users) {
      network_.add_edge(decoded, user, kAlways);
      network_.add_edge(user, encoded, kAlways);
    }
  }

  static constexpr std::int64_t kAlways = std::int64_t{1} << 60;
  const Task& task_;
  const Plan& plan_;
  const Links links_;
  const NodeSeconds &coded_, &original_;
  std::map<std::string, std::size_t> place_;  // in the network, by node
  FlowNetwork network_;
};

std::vector<Slow> slow_nodes(const Task& task, const Evidence& evidence, const Plan& plan) {
  Plan original;
  original.target = plan.target;
  original.base = plan.base;
  original.edits = plan.edits;
  const std::vector<NodeTime> coded = task.judge->profile(plan);
  const NodeSeconds of_coded(coded), of_original(task.judge->profile(original));
  return Division(task, plan, of_coded, of_original, ConversionTime(evidence, coded)).slow();
}

Needs needs(const Task& task, const Arguments&) {
  Needs needs;
  const auto add = [&](ValueId value) {
    if (is_float_value(task.graph, value)) needs.add(task.graph.value(value).name, {MomentsStatistic::kName, 0});
  };
  for (const Node& node : task.graph.nodes) {
    if (!is_codable(task, node)) continue;
    std::ranges::for_each(node.inputs, add);
    std::ranges::for_each(node.outputs, add);
  }
  return needs;
}

std::optional<double> time_of(const Task& task, const Plan& plan) {
  return task.judge->latency(plan).ratio.value;
}

std::string reason(const Slow& node) {
  const double coded = 1e6 * node.coded, original = 1e6 * node.original;
  if (original == 0)
    return fmt::format("in float a kernel beside it takes it along, in integers it takes {:.3g} us", coded);
  return fmt::format("in float it takes {:.3g} us instead of {:.3g}, conversions apart", original, coded);
}

Plan run(const Task& task, const Arguments&, const Evidence& evidence, Plan plan) {
  const std::vector<Slow> slow = slow_nodes(task, evidence, plan);
  if (slow.empty()) {
    plan.notes.emplace_back("no node is faster in float, by what the runtime measures of each");
    return plan;
  }
  std::map<std::string, std::string> kept = task.kept;
  for (const Slow& node : slow) kept.emplace(node.node, reason(node));
  Plan relaxed = task.decide_again(kept);
  const std::optional<double> before = time_of(task, plan), after = time_of(task, relaxed);
  const std::string what = fmt::format("{} node{} in float", slow.size(), slow.size() == 1 ? "" : "s");
  if (!before || !after) {
    plan.notes.push_back("the machine was too busy to tell whether it is faster with " + what);
    return plan;
  }
  const std::string found =
      fmt::format("with {} it takes {:.2f} of the float model's time instead of {:.2f}", what, *after, *before);
  if (*after > kWorthIt * *before) {
    plan.notes.push_back(found + ": they stay in integers");
    return plan;
  }
  relaxed.notes.push_back(found);
  return relaxed;
}

}  // namespace

Method time_fallback() {
  return {
      .name = "time-fallback",
      .says = "puts the nodes back into float that are faster there, conversions counted, by what the runtime measures",
      .group = "ptq_8bit",
      .stage = Stage::Relax,
      .needs = needs,
      .run = run,
      .sketch = as_it_was,
      .judged = true};
}

}  // namespace bw
