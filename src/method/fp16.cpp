// binary16 for every node that can: half the size. What the runtime does not take in float16, and what float16 cannot
// hold, stays in float32.
#include <fmt/format.h>

#include <algorithm>

#include "graph/links.h"
#include "method/catalog.h"
#include "method/float16_reach.h"
#include "method/placement.h"
#include "method/stored.h"

namespace bw {
namespace {

constexpr Parameter kParameters[] = {kKeepFloat};

class Narrowing {
 public:
  Narrowing(const Task& task, const Arguments& arguments)
      : task_(task), graph_(task.graph), keep_(task, arguments), halves_(stored_in_half(task)) {}

  Plan decide(Plan plan) {
    std::map<NodeId, std::string> obstacles;
    std::set<NodeId> wide;
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (!touches_float32(graph_.nodes[n])) continue;
      const auto id = static_cast<NodeId>(n);
      if (!(obstacles[id] = obstacle(graph_.nodes[n])).empty()) wide.insert(id);
    }
    const Float16Reach reach = float16_reach(graph_, wide);
    for (auto& [id, reason] : obstacles) {
      const Node& node = graph_.node(id);
      if (const auto found = reach.beyond.find(id); reason.empty() && found != reach.beyond.end())
        reason = found->second;
      plan.nodes[node.name].reason = reason;
      if (reason.empty()) narrow(node, reach.bounds, plan.nodes[node.name]);
    }
    if (!gains_) {
      for (auto& [name, decision] : plan.nodes) give_up(decision);
      return plan;
    }
    for (const ValueId bound : bounds_)
      plan.notes.push_back(
          fmt::format("numbers of '{}' beyond float16 become its largest: only their size matters", name(bound)));
    return plan;
  }

 private:
  const std::string& name(ValueId id) const { return graph_.value(id).name; }
  bool is_float32(ValueId id) const { return id != kNoValue && graph_.value(id).type.dtype == DType::Float32; }

  bool touches_float32(const Node& node) const {
    const auto is_float = [&](ValueId id) { return is_float32(id); };
    return std::ranges::any_of(node.inputs, is_float) || std::ranges::any_of(node.outputs, is_float);
  }

  std::string obstacle(const Node& node) const {
    if (std::string reason = keep_.reason(node); !reason.empty()) return reason;
    if (!node.domain.empty()) return "not an ONNX operator";
    if (node.is("QuantizeLinear") || node.is("DequantizeLinear")) return "its scale is a float32";
    bool holds_graph = false;
    for_each_subgraph(node, [&](const Subgraph&) { holds_graph = true; });
    if (holds_graph) return "its body computes in float32";
    for (const auto* values : {&node.inputs, &node.outputs})
      for (const ValueId value : *values)
        if (value != kNoValue && !graph_.value(value).type.is_tensor())
          return fmt::format("'{}' is not known to be a tensor", name(value));
    return no_kernel(node);
  }

  std::string no_kernel(const Node& node) const {
    for (const Operand::Side side : {Operand::Side::In, Operand::Side::Out}) {
      const std::vector<ValueId>& values = side == Operand::Side::In ? node.inputs : node.outputs;
      for (std::size_t i = 0; i < values.size(); ++i)
        if (is_float32(values[i]) && !task_.target.takes(DType::Float16, node, {side, i}, graph_.opset()))
          return fmt::format("{} takes no float16 as '{}' on {}", node.op_type, name(values[i]), task_.target.name);
    }
    return "";
  }

  void narrow(const Node& node, const std::set<ValueId>& bounds, NodePlan& decision) {
    decision.compute = Precision::Float16;
    for (const ValueId id : node.inputs) {
      if (!is_float32(id) || !graph_.is_constant(id)) continue;
      // Vectors stand beside weights; alone they would gain less than the conversions around them cost.
      gains_ |= graph_.value(id).initializer.rank() >= 2 && graph_.value(id).initializer.size() >= 2 &&
                !halves_.contains(name(id));
      if (bounds.contains(id)) bounds_.insert(id);
    }
  }

  void give_up(NodePlan& decision) const {
    if (decision.compute != Precision::Float16) return;
    decision.compute = Precision::Float32;
    decision.reason = halves_.empty() ? "the model has no float32 weights that float16 would make smaller"
                                      : "the model's weights have 16 bits already";
  }

  const Task& task_;
  const Graph& graph_;
  const KeepFloat keep_;
  const std::set<std::string> halves_;
  std::set<ValueId> bounds_;  // that become float16
  bool gains_ = false;
};

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  return Narrowing(task, arguments).decide(std::move(plan));
}

constexpr std::string_view kUsual[] = {"fp16"};

}  // namespace

Method fp16() {
  return {.name = "fp16",
          .says = "half precision for every operator that has it",
          .group = "half",
          .stage = Stage::Decide,
          .parameters = kParameters,
          .run = run,
          .usual = kUsual};
}

}  // namespace bw
