#include "method/method.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/names.h"
#include "graph/ops/op.h"
#include "method/catalog.h"

namespace bw {

std::span<const Method> methods() {
  static const std::vector<Method> kMethods{bf16(), fp16(), int8_dynamic(), int8_static(), weight_only()};
  return kMethods;
}

const Method& method_named(std::string_view name) {
  return entry_named("method", name, methods());
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
        throw Error(ErrorKind::Usage,
                    fmt::format("'{}' stands twice in the recipe '{}'", method.name, to_string(recipe)));
    chain.links.push_back({&method, Arguments(method.name, method.parameters, step.parameters)});
  }
  return chain;
}

Needs needs(const Chain& chain, const Task& task) {
  Needs all;
  for (const Chain::Link& link : chain.links)
    if (link.method->needs != nullptr) all.add(link.method->needs(task, link.arguments));
  return all;
}

namespace {

bool takes(const NodePlan& decision) {
  return decision.precision != Precision::Float32;
}

// Puts the decisions of several deciders together.
class Union {
 public:
  explicit Union(const Plan& before) : plan_(before), notes_before_(static_cast<std::ptrdiff_t>(before.notes.size())) {}

  void add(const Method& method, Plan own) {
    for (auto& [name, decision] : own.nodes) add(method, name, std::move(decision));
    plan_.values.merge(own.values);
    plan_.replaced.merge(own.replaced);
    plan_.lowering.merge(own.lowering);
    plan_.notes.insert(plan_.notes.end(), own.notes.begin() + notes_before_, own.notes.end());
  }
  Plan take() { return std::move(plan_); }

 private:
  void add(const Method& method, const std::string& name, NodePlan&& decision) {
    NodePlan& known = plan_.nodes[name];
    if (!takes(decision)) {
      if (!takes(known) && known.reason.empty()) known.reason = decision.reason;
      return;
    }
    if (const auto [earlier, fresh] = taken_by_.emplace(name, method.name); !fresh)
      throw Error(ErrorKind::Usage,
                  fmt::format("'{}' and '{}' would both take node '{}'", earlier->second, method.name, name), "recipe",
                  fmt::format("Leave it to one of them, as in '{}(keep_float={})'", method.name, name));
    known = std::move(decision);
  }

  Plan plan_;
  std::ptrdiff_t notes_before_;
  std::map<std::string, std::string_view> taken_by_;
};

// Whoever looks at a plan wants to know of every layer why it stayed as it was.
void give_reasons(const Task& task, Plan& plan) {
  for (const Node& node : task.graph.nodes) {
    const OpInfo* op = find_op(node);
    if (op == nullptr || op->weight_input < 0 || plan.nodes.contains(node.name)) continue;
    const ValueId weight = node.input(static_cast<std::size_t>(op->weight_input));
    if (weight != kNoValue && task.graph.is_constant(weight) &&
        task.graph.value(weight).initializer.dtype() == DType::Float32)
      plan.nodes[node.name].reason = fmt::format("{} has no kernel of this kind on {}", node.op_type, task.target.name);
  }
}

}  // namespace

Plan decide(const Chain& chain, const Task& task, const Evidence& evidence) {
  Plan plan;
  plan.base = task.base;
  plan.target = task.target.name;
  const auto run_all = [&](Stage first, Stage last, auto&& use) {
    for (const Chain::Link& link : chain.links)
      if (first <= link.method->stage && link.method->stage <= last)
        use(*link.method, link.method->run(task, link.arguments, evidence, plan));
  };
  const auto replace = [&](const Method&, Plan next) { plan = std::move(next); };
  run_all(Stage::Rewrite, Stage::Rewrite, replace);
  Union decided(plan);
  run_all(Stage::Decide, Stage::Decide, [&](const Method& method, Plan own) { decided.add(method, std::move(own)); });
  plan = decided.take();
  run_all(Stage::Refine, Stage::Train, replace);
  give_reasons(task, plan);
  return plan;
}

}  // namespace bw
