#include "method/method.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/names.h"
#include "base/stop.h"
#include "graph/ops/op.h"
#include "method/catalog.h"
#include "method/embedding.h"
#include "model/bodies.h"
#include "model/quantized.h"

namespace bw {

std::span<const Method> methods() {
  static const std::vector<Method> kMethods{
      int8_static(),   int8_auto(), int8_dynamic(),  weight_only(), mixed_bits(),   bnb4(),
      palettize(),     mlx(),       float4(),        fp16(),        bf16(),         equalize(),
      smooth(),        awq(),       time_fallback(), fallback(),    range_search(), clip(),
      importance(),    hqq(),       adaround(),      gptq(),        signround(),    bias_correction(),
      accuracy_level()};
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

Recipe within_budget(Recipe recipe, double seconds) {
  for (Step& step : recipe.steps) {
    const auto has_budget = [](const Parameter& parameter) { return parameter.name == "budget"; };
    if (std::ranges::any_of(method_named(step.method).parameters, has_budget))
      step.parameters.emplace("budget", fmt::format("{}s", seconds));
  }
  return recipe;
}

namespace {

Needs needs_of(const Chain::Link& link, const Task& task) {
  return link.method->needs == nullptr ? Needs{} : link.method->needs(task, link.arguments);
}

}  // namespace

Needs needs(const Chain& chain, const Task& task) {
  const bool rewrites =
      std::ranges::any_of(chain.links, [](const auto& l) { return l.method->stage == Stage::Rewrite; });
  Needs all;
  for (const Chain::Link& link : chain.links)
    if (!rewrites || link.method->stage == Stage::Rewrite) all.add(needs_of(link, task));
  return all;
}

bool needs_judge(const Chain& chain) {
  return std::ranges::any_of(chain.links, [](const Chain::Link& link) { return link.method->judged; });
}

bool needs_data(const Chain& chain, const Task& task) {
  return std::ranges::any_of(chain.links, [&](const Chain::Link& link) { return !needs_of(link, task).empty(); });
}

namespace {

// Puts the decisions of several deciders together.
class Union {
 public:
  explicit Union(const Plan& before)
      : plan_(before),
        notes_before_(static_cast<std::ptrdiff_t>(before.notes.size())),
        edits_before_(static_cast<std::ptrdiff_t>(before.edits.size())) {}

  void add(const Method& method, Plan own) {
    for (auto& [name, decision] : own.nodes) add(method, name, std::move(decision));
    plan_.values.merge(own.values);
    plan_.lowering.merge(own.lowering);
    plan_.edits.insert(plan_.edits.end(), own.edits.begin() + edits_before_, own.edits.end());
    plan_.notes.insert(plan_.notes.end(), own.notes.begin() + notes_before_, own.notes.end());
  }
  Plan take() { return std::move(plan_); }

 private:
  void add(const Method& method, const std::string& name, NodePlan&& decision) {
    NodePlan& known = plan_.nodes[name];
    if (!decision.changes()) {
      if (!known.changes() && known.reason.empty()) known.reason = decision.reason;
      return;
    }
    if (const auto [earlier, fresh] = taken_by_.emplace(name, method.name); !fresh)
      throw Error(ErrorKind::Usage,
                  fmt::format("'{}' and '{}' would both take node '{}'", earlier->second, method.name, name), "recipe",
                  fmt::format("Leave it to one of them, as in '{}(keep_float={})'", method.name, name));
    known = std::move(decision);
  }

  Plan plan_;
  std::ptrdiff_t notes_before_, edits_before_;
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

// A judge who answers one method as often as its budget allows.
class Frugal final : public Judge {
 public:
  Frugal(const Method& method, const Task& task) : method_(method), task_(task) {}
  Retained retained(const Plan& plan) override { return asked().retained(plan); }
  LatencyRatio latency(const Plan& plan) override { return asked().latency(plan); }
  std::vector<NodeTime> profile(const Plan& plan) override { return asked().profile(plan); }

 private:
  Judge& asked() {
    throw_if_stopped(task_.stop);
    if (++trials_ > method_.budget.trials)
      throw Error(ErrorKind::Internal,
                  fmt::format("'{}' tries more than {} plans", method_.name, method_.budget.trials));
    return *task_.judge;
  }
  const Method& method_;
  const Task& task_;
  std::size_t trials_ = 0;
};

// A chain at work: the plan so far, and the graph that it leaves to the next stage.
class Staged {
 public:
  enum class With : std::uint8_t { Data, Nothing };
  Staged(const Chain& chain, const Task& task, With with)
      : chain_(chain), task_(task), with_(with), graph_(task.graph) {
    plan_.base = task.base;
    plan_.target = task.target.name;
  }

  Plan run() {
    one_by_one(Stage::Rewrite);
    rewritten_ = plan_;
    plan_ = decided(task_.kept);
    one_by_one(Stage::Relax);
    one_by_one(Stage::Refine);
    if (!links_of(Stage::Refine).empty()) tie_embeddings(seen().graph, plan_);
    one_by_one(Stage::Train);
    give_reasons(seen(), plan_);
    return std::move(plan_);
  }

 private:
  // The task with the graph as it is now.
  Task seen() {
    if (plan_.edits.size() != carried_out_) {
      graph_ = edited(task_.graph, plan_.edits);
      carried_out_ = plan_.edits.size();
    }
    return seeing(graph_);
  }

  Task seeing(const Graph& graph) const {
    return {.graph = graph,
            .target = task_.target,
            .seed = task_.seed,
            .pairs_saturate = task_.pairs_saturate,
            .refused = task_.refused,
            .kept = task_.kept,
            .stored = task_.stored,
            .base = task_.base,
            .judge = task_.judge,
            .trainer = task_.trainer,
            .calibrator = task_.calibrator,
            .console = task_.console,
            .stop = task_.stop};
  }

  Plan result_of(const Chain::Link& link, const Task& task, const Plan& plan, With with) const {
    static const Evidence kNothing;
    if (with == With::Nothing && link.method->sketch != nullptr) return link.method->sketch(task, link.arguments, plan);
    const Needs wanted = needs_of(link, task);
    if (!wanted.empty() && task.calibrator == nullptr)
      throw Error(ErrorKind::Calibration, fmt::format("'{}' needs data to calibrate on", link.method->name), {},
                  "Give it with --data");
    if (link.method->judged && task.judge == nullptr)
      throw Error(ErrorKind::Calibration,
                  fmt::format("'{}' tries what it decides, and there are no samples to try it on", link.method->name),
                  {}, "Give data with --data, or more calibration samples");
    if (link.method->trained && task.trainer == nullptr)
      throw Error(ErrorKind::Quantization,
                  fmt::format("'{}' trains, and there is no trainer for this model", link.method->name));
    const Evidence& evidence = wanted.empty() ? kNothing : task.calibrator->evidence(task.graph, wanted);
    throw_if_stopped(task.stop);
    Frugal judge(*link.method, task);
    Task own = task;
    if (task.judge != nullptr) own.judge = &judge;
    own.budget = link.method->budget;
    return link.method->run(own, link.arguments, evidence, plan);
  }

  // In the catalog's order, whatever the recipe's.
  std::vector<const Chain::Link*> links_of(Stage stage) const {
    std::vector<const Chain::Link*> links;
    for (const Chain::Link& link : chain_.links)
      if (link.method->stage == stage) links.push_back(&link);
    std::ranges::stable_sort(links, {}, [](const Chain::Link* link) {
      return std::ranges::find(methods(), link->method->name, &Method::name) - methods().begin();
    });
    return links;
  }

  void one_by_one(Stage stage) {
    for (const Chain::Link* link : links_of(stage)) {
      Task task = seen();
      if (stage == Stage::Rewrite)
        task.ahead = [this](const Graph& graph) { return decided(seeing(graph), plan_, With::Nothing); };
      if (stage == Stage::Relax) task.decide_again = [this](const auto& kept) { return decided(kept); };
      plan_ = result_of(*link, task, plan_, with_);
    }
  }

  // What all deciders take of the graph as it was rewritten.
  Plan decided(const std::map<std::string, std::string>& kept) {
    Task task = seen();
    task.kept = kept;
    return decided(task, rewritten_, with_);
  }

  Plan decided(const Task& task, const Plan& rewritten, With with) const {
    Union all(rewritten);
    for (const Chain::Link& link : chain_.links)
      if (link.method->stage == Stage::Decide) all.add(*link.method, result_of(link, task, rewritten, with));
    return all.take();
  }

  const Chain& chain_;
  const Task& task_;
  const With with_;
  Graph graph_;
  std::size_t carried_out_ = 0;  // edits that graph_ has
  Plan plan_, rewritten_;
};

}  // namespace

Plan decide(const Chain& chain, const Task& task) {
  return Staged(chain, task, Staged::With::Data).run();
}

Plan sketch(const Chain& chain, const Task& task) {
  return Staged(chain, task, Staged::With::Nothing).run();
}

namespace {

// A layer's reason to stay as it was, the first there is.
std::string first_reason(const Plan& plan, const Graph& graph) {
  for (const Node& node : graph.nodes)
    if (const auto found = plan.nodes.find(node.name); found != plan.nodes.end() && !found->second.reason.empty())
      return fmt::format("'{}' ({}): {}", node.name, node.op_type, found->second.reason);
  return "it has no node that the method takes";
}

}  // namespace

void require_change(const Plan& plan, const Graph& graph) {
  if (const std::string parts = to_sentence(quantized_nodes(graph)); !parts.empty())
    throw Error(ErrorKind::Quantization, fmt::format("the model is quantized already ({})", parts), {},
                "'bitwright compare' measures it beside its float model; --requantize takes the floats that its codes "
                "stand for");
  if (!plan.edits.empty() || std::ranges::any_of(plan.nodes, [](const auto& n) { return n.second.changes(); })) return;
  const std::string bodies = to_sentence(weights_in_bodies(graph));
  throw Error(ErrorKind::Quantization,
              fmt::format("the method changes nothing of this model: {}{}", first_reason(plan, graph),
                          bodies.empty() ? "" : "; " + bodies),
              {}, "'bitwright inspect' says which methods fit");
}

}  // namespace bw
