// int8 weights and activations with scales found by calibration, in islands that the target computes in integers.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/parallel.h"
#include "graph/ops/op.h"
#include "method/catalog.h"
#include "method/embedding.h"
#include "method/layer_codes.h"
#include "method/logarithms.h"
#include "method/mixed_scales.h"
#include "method/placement.h"
#include "observe/observers/observer.h"
#include "target/lowering.h"

namespace bw {
namespace {

constexpr Parameter kOwnParameters[] = {
    {.name = "observer",
     .type = Parameter::Type::Text,
     .standard = "min-max",
     .says = "how ranges follow from what was seen"},
    {.name = "per_channel",
     .type = Parameter::Type::Flag,
     .standard = "yes",
     .says = "one scale per output channel of a weight"},
    {.name = "activations",
     .type = Parameter::Type::Choice,
     .standard = "target",
     .says = "code of activations",
     .choices = "target|u8|s8"},
    {.name = "weights",
     .type = Parameter::Type::Choice,
     .standard = "s8",
     .says = "code of weights; s4: four bits, stored in eight where kernels take no less",
     .choices = "s8|u8|s4"},
    {.name = "symmetric", .type = Parameter::Type::Flag, .standard = "no", .says = "activations without zero point"},
    {.name = "reduced_range",
     .type = Parameter::Type::Choice,
     .standard = "auto",
     .says = "7-bit weights: auto decides per layer, where a CPU without VNNI could saturate",
     .choices = "auto|yes|no"},
    {.name = "narrow",
     .type = Parameter::Type::Choice,
     .standard = "float",
     .says = "convolutions of few input channels: integer kernels are slower, but save conversions around them",
     .choices = "float|integer"},
    kForm,
    kEmbeddings,
    kKeepFloat,
};

// Own parameters, then those of all observers: a recipe names them side by side.
std::span<const Parameter> parameters() {
  static const std::vector<Parameter> kAll = [] {
    std::vector<Parameter> all(std::begin(kOwnParameters), std::end(kOwnParameters));
    for (const Observer& observer : observers())
      for (const Parameter& parameter : observer.parameters)
        if (std::none_of(all.begin(), all.end(), [&](const Parameter& p) { return p.name == parameter.name; }))
          all.push_back(parameter);
    return all;
  }();
  return kAll;
}

Arguments observer_arguments(const Observer& observer, const Arguments& arguments) {
  std::map<std::string, std::string> given;
  for (const Parameter& parameter : observer.parameters) given.emplace(parameter.name, arguments.text(parameter.name));
  return Arguments(observer.name, observer.parameters, given);
}

Scheme activation_scheme(const Task& task, const Arguments& arguments) {
  const std::string& code = arguments.text("activations");
  return {.code = code == "target" ? task.target.activation_code
                  : code == "u8"   ? DType::UInt8
                                   : DType::Int8,
          .symmetric = arguments.flag("symmetric")};
}

DType weight_code(const Arguments& arguments) {
  const std::string& code = arguments.text("weights");
  return code == "s8" ? DType::Int8 : code == "s4" ? DType::Int4 : DType::UInt8;
}

KeepFloat kept(const Task& task, const Arguments& arguments) {
  KeepFloat keep(task, arguments);
  keep_logarithms(task.graph, keep);
  if (arguments.text("narrow") == "float") keep_narrow(task.graph, task.target, keep);
  return keep;
}

Needs needs(const Task& task, const Arguments& arguments) {
  const Observer& observer = observer_named(arguments.text("observer"));
  Needs needs;
  for (const auto& [value, source] : place_integers(task.graph, task.target, kept(task, arguments)).range_of)
    needs.add(task.graph.value(source).name, observer.statistic);
  return needs;
}

// By source of a placement's ranges.
std::map<ValueId, Range> observed_ranges(const Task& task, const Arguments& arguments, const Evidence& evidence,
                                         const Placement& placement) {
  const Observer& observer = observer_named(arguments.text("observer"));
  const Arguments own = observer_arguments(observer, arguments);
  const Scheme scheme = activation_scheme(task, arguments);
  std::set<ValueId> unique;
  for (const auto& [value, source] : placement.range_of) unique.insert(source);
  const std::vector<ValueId> sources(unique.begin(), unique.end());
  std::vector<Range> ranges(sources.size());
  parallel_for(sources.size(), 1, [&](std::size_t begin, std::size_t end) {  // an observer's search takes milliseconds
    for (std::size_t i = begin; i < end; ++i)
      ranges[i] = range_of(observer, evidence.value(task.graph.value(sources[i]).name), scheme, own);
  });
  std::map<ValueId, Range> by_source;
  for (std::size_t i = 0; i < sources.size(); ++i) by_source.emplace(sources[i], ranges[i]);
  return by_source;
}

// What moves float values has their range: values behind such nodes were not looked at.
ValueId seen_source(const Task& task, const Links& links, const std::map<ValueId, Range>& seen, ValueId value) {
  while (!seen.contains(value)) {
    const NodeId before = links.producer[static_cast<std::size_t>(value)];
    if (before == kNoNode || task.target.support(task.graph.node(before)).integer != IntegerKernel::Move)
      throw Error(ErrorKind::Internal, "a value is coded whose range nobody looked at", task.graph.value(value).name);
    value = task.graph.node(before).input(0);
  }
  return value;
}

// Places the nodes again with those in float that one scale would spoil.
Placement without_mixed_scales(const Task& task, KeepFloat keep, Placement placement,
                               const std::map<ValueId, Range>& ranges, Plan& plan) {
  const std::map<NodeId, std::string> mixed = mixed_scales(task.graph, task.target, placement, ranges);
  if (mixed.empty()) return placement;
  for (const auto& [node, why] : mixed) {
    keep.add(task.graph.node(node).name, why);
    plan.notes.push_back(fmt::format("'{}' stays in float: {}", task.graph.node(node).name, why));
  }
  placement = place_integers(task.graph, task.target, keep);
  const Links links = link(task.graph);
  for (auto& [value, source] : placement.range_of) source = seen_source(task, links, ranges, source);
  return placement;
}

// Decides the codes of every operand of the integer nodes of one placement.
class Coder {
 public:
  Coder(const Task& task, const Arguments& arguments, const Placement& placement,
        const std::map<ValueId, Range>& ranges)
      : task_(task), arguments_(arguments), placement_(placement) {
    const Scheme scheme = activation_scheme(task, arguments);
    for (const auto& [value, source] : placement.range_of) {
      const ScaleZeroPoint pair = scale_and_zero_point(ranges.at(source), scheme);
      activations_[value] = {
          .scheme = scheme, .scales = {pair.scale}, .zero_points = {static_cast<float>(pair.zero_point)}};
    }
  }

  Plan decide(Plan plan) {
    for (const auto& [value, params] : activations_) plan.values[task_.graph.value(value).name] = params;
    for (const auto& [node, reason] : placement_.reasons) plan.nodes[task_.graph.node(node).name].reason = reason;
    for (const NodeId id : placement_.integer) {
      NodePlan& decision = plan.nodes[task_.graph.node(id).name];
      decision.compute = Precision::Integer;
      if (task_.target.support(task_.graph.node(id)).integer == IntegerKernel::Weighted) code_weight(id, decision);
    }
    for (const auto& [add, product] : placement_.bias_add) code_added_bias(add, product, plan);
    code_constants(plan);
    if (reduced_ != 0)
      plan.notes.push_back(
          fmt::format("{} layers have 7-bit weights: u8*s8 pairs could saturate on this CPU", reduced_));
    return plan;
  }

 private:
  const Node& node(NodeId id) const { return task_.graph.node(id); }
  const Tensor& constant(ValueId id) const { return task_.graph.value(id).initializer; }
  float input_scale(NodeId id) const { return activations_.at(node(id).input(0)).scales.front(); }

  Scheme weight_scheme(NodeId id, const Tensor& weight) const {
    const DType code = weight_code(arguments_);
    Scheme scheme{.code = code, .symmetric = code != DType::UInt8};
    if (const auto axis = find_op(node(id))->weight_channel_axis(node(id), static_cast<int>(weight.rank()));
        axis && arguments_.flag("per_channel")) {
      scheme.granularity = Granularity::Channel;
      scheme.axis = *axis;
    }
    return scheme;
  }

  void code_weight(NodeId id, NodePlan& decision) {
    const OpInfo& op = *find_op(node(id));
    const Tensor& weight = constant(node(id).input(static_cast<std::size_t>(op.weight_input)));
    QParams params = params_of_constant(weight, weight_scheme(id, weight));
    if (must_reduce(weight, params)) {
      params.scheme.reduced_range = true;
      params = params_of_constant(weight, params.scheme);
      ++reduced_;
    }
    const ValueId bias = op.bias_input < 0 ? kNoValue : node(id).input(static_cast<std::size_t>(op.bias_input));
    if (bias != kNoValue) decision.operands[op.bias_input] = bias_codes(constant(bias), input_scale(id), params);
    decision.operands[op.weight_input] = params;
  }

  bool must_reduce(const Tensor& weight, const QParams& params) const {
    const std::string& wish = arguments_.text("reduced_range");
    if (wish != "auto" || !task_.pairs_saturate || params.scheme.code != DType::Int8) return wish == "yes";
    return saturates(quantize(weight, params));
  }

  void code_added_bias(NodeId add, NodeId product, Plan& plan) const {
    const std::size_t side = task_.graph.is_constant(node(add).input(0)) ? 0 : 1;
    QParams& weight = plan.nodes.at(node(product).name).operands.at(1);
    plan.nodes.at(node(add).name).operands[static_cast<int>(side)] =
        bias_codes(constant(node(add).input(side)), input_scale(product), weight);
  }

  // Constant operands of arithmetic nodes (a factor, an addend) take the activations' code.
  void code_constants(Plan& plan) const {
    const Scheme scheme = activation_scheme(task_, arguments_);
    for (const NodeId id : placement_.integer) {
      if (task_.target.support(node(id)).integer != IntegerKernel::Arithmetic || placement_.bias_add.contains(id))
        continue;
      for (std::size_t i = 0; i < node(id).inputs.size(); ++i) {
        const ValueId value = node(id).inputs[i];
        if (value != kNoValue && task_.graph.is_constant(value) && constant(value).dtype() == DType::Float32)
          plan.nodes.at(node(id).name).operands[static_cast<int>(i)] = params_of_constant(constant(value), scheme);
      }
    }
  }

  const Task& task_;
  const Arguments& arguments_;
  const Placement& placement_;
  std::map<ValueId, QParams> activations_;
  std::size_t reduced_ = 0;
};

Plan run(const Task& task, const Arguments& arguments, const Evidence& evidence, Plan plan) {
  const KeepFloat keep = kept(task, arguments);
  Placement placement = place_integers(task.graph, task.target, keep);
  const std::map<ValueId, Range> ranges = observed_ranges(task, arguments, evidence, placement);
  placement = without_mixed_scales(task, keep, std::move(placement), ranges, plan);
  plan = Coder(task, arguments, placement, ranges).decide(std::move(plan));
  if (arguments.flag("embeddings")) code_embeddings(task, keep, 8, plan);
  plan.lowering[std::string(kForm.name)] = arguments.text(kForm.name);
  return plan;
}

// All that would be taken if no scale spoiled a node.
Plan sketch(const Task& task, const Arguments& arguments, Plan plan) {
  const Placement placement = place_integers(task.graph, task.target, kept(task, arguments));
  for (const auto& [node, reason] : placement.reasons) plan.nodes[task.graph.node(node).name].reason = reason;
  for (const NodeId id : placement.integer) {
    NodePlan& decision = plan.nodes[task.graph.node(id).name];
    decision.compute = Precision::Integer;
    if (task.target.support(task.graph.node(id)).integer == IntegerKernel::Weighted)
      decision.operands[find_op(task.graph.node(id))->weight_input] = {
          .scheme = {.code = weight_code(arguments)}, .scales = {}, .zero_points = {}};
  }
  return plan;
}

constexpr std::string_view kUsual[] = {"int8-static", "int8-static(observer=percentile)",
                                       "int8-static(observer=entropy)", "int8-static(observer=mse)"};

}  // namespace

Method int8_static() {
  return {.name = "int8-static",
          .says = "int8 weights and activations, scales from calibration data",
          .group = "ptq_8bit",
          .stage = Stage::Decide,
          .parameters = parameters(),
          .needs = needs,
          .run = run,
          .sketch = sketch,
          .usual = kUsual};
}

}  // namespace bw
