#include "method/method.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "graph/ops/op.h"
#include "method/catalog.h"

namespace bw {

std::span<const Method> methods() {
  static const std::vector<Method> kMethods{bf16(), fp16(), int8_dynamic(), int8_static(), weight_only()};
  return kMethods;
}

const Method& method_named(std::string_view name) {
  std::string names;
  for (const Method& method : methods()) {
    if (method.name == name) return method;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", method.name);
  }
  throw Error(ErrorKind::Usage, fmt::format("there is no method '{}'", name), "", fmt::format("Methods: {}", names));
}

std::string Chain::group() const {
  for (const Link& link : links)
    if (link.method->stage == Stage::Decide) return std::string(link.method->group);
  return links.empty() ? "" : std::string(links.front().method->group);
}

Chain resolve(const Recipe& recipe) {
  Chain chain;
  for (const Step& step : recipe.steps) {
    const Method& method = method_named(step.method);
    for (const Chain::Link& earlier : chain.links)
      if (earlier.method == &method)
        throw Error(ErrorKind::Usage, fmt::format("'{}' stands twice in the recipe '{}'", method.name, to_string(recipe)));
    chain.links.push_back({&method, Arguments(method.name, method.parameters, step.parameters)});
  }
  std::stable_sort(chain.links.begin(), chain.links.end(),
                   [](const auto& a, const auto& b) { return a.method->stage < b.method->stage; });
  return chain;
}

Needs needs(const Chain& chain, const Task& task) {
  Needs all;
  for (const Chain::Link& link : chain.links) all.add(link.method->needs(task, link.arguments));
  return all;
}

namespace {

// Two deciders are a conflict unless they take different nodes.
void require_no_conflict(const Plan& before, const Plan& after, const Method& method, std::string_view earlier) {
  for (const auto& [name, decision] : before.nodes) {
    const NodePlan& now = after.nodes.at(name);
    if (decision.precision != Precision::Float32 && now.precision != decision.precision)
      throw Error(ErrorKind::Usage, fmt::format("'{}' and '{}' both decide about node '{}'", earlier, method.name, name), "recipe",
                  "Keep it out of one of them with keep_float");
  }
}

// Whoever looks at a plan wants to know of every layer why it stayed as it was.
void give_reasons(const Task& task, Plan& plan) {
  for (const Node& node : task.graph.nodes) {
    const OpInfo* op = find_op(node);
    if (op == nullptr || op->weight_input < 0 || plan.nodes.contains(node.name)) continue;
    const ValueId weight = node.input(static_cast<std::size_t>(op->weight_input));
    if (weight != kNoValue && task.graph.is_constant(weight) && task.graph.value(weight).initializer.dtype() == DType::Float32)
      plan.nodes[node.name].reason = fmt::format("{} has no kernel of this kind on {}", node.op_type, task.target.name);
  }
}

}  // namespace

Plan decide(const Chain& chain, const Task& task, const Evidence& evidence) {
  Plan plan;
  plan.base_hash = content_hash(task.graph);
  std::string_view decider;
  for (const Chain::Link& link : chain.links) {
    Plan next = link.method->run(task, link.arguments, evidence, plan);
    require_no_conflict(plan, next, *link.method, decider);
    if (link.method->stage == Stage::Decide) decider = link.method->name;
    plan = std::move(next);
  }
  give_reasons(task, plan);
  return plan;
}

LowerOptions lowering(const Chain& chain) {
  for (const Chain::Link& link : chain.links)
    if (link.method->lowering != nullptr) return link.method->lowering(link.arguments);
  return {};
}

}  // namespace bw
