#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "bench/candidate.h"
#include "bench/model.h"
#include "graph/links.h"
#include "graph/ops/op.h"
#include "method/method.h"

namespace bw {
namespace {

struct Traits {
  std::size_t convolutions = 0, products = 0, attention = 0, recurrent = 0;
};

bool is_constant_product(const Graph& graph, const Node& node) {
  return node.input(1) != kNoValue && graph.is_constant(node.input(1));
}

Traits traits_of(const Graph& graph) {
  Traits traits;
  for (const Node& node : graph.nodes) {
    const bool product = node.is("MatMul") || node.is("Gemm");
    traits.convolutions += node.is("Conv") || node.is("ConvTranspose");
    traits.products += product && is_constant_product(graph, node);
    traits.attention += (product && !is_constant_product(graph, node)) || node.op_type == "Attention";
    traits.recurrent += node.is("LSTM") || node.is("GRU") || node.is("RNN");
  }
  return traits;
}

std::string type_of(const Traits& traits) {
  const bool transformer = traits.attention != 0, cnn = traits.convolutions > 1, rnn = traits.recurrent != 0;
  if (transformer + cnn + rnn > 1) return "mixed";
  if (transformer) return "transformer";
  if (cnn) return "cnn";
  if (rnn) return "rnn";
  if (traits.products != 0) return "mlp";
  return traits.convolutions != 0 ? "cnn" : "other";
}

// Best first, by what the kernels of today's CPUs gain from: convolutions want static scales, long products dynamic
// ones.
std::vector<std::string> usual_order(const std::string& type) {
  static const std::map<std::string, std::vector<std::string>> kByType{
      {"cnn", {"int8-static", "fp16"}},
      {"transformer", {"int8-dynamic", "int8-static", "weight-only(bits=8,block=32)", "weight-only(bits=4,block=32)"}},
      {"rnn", {"int8-dynamic", "weight-only(bits=8,block=32)", "weight-only(bits=4,block=32)"}},
      {"mlp", {"int8-static", "int8-dynamic", "weight-only(bits=4,block=32)", "weight-only(bits=8,block=32)"}},
      {"mixed", {"int8-static", "int8-dynamic"}},
      {"other", {}}};
  return kByType.at(type);
}

std::string misfit(const LoadedModel& model, const Target& target, const std::string& recipe) {
  const Task task{
      .graph = model.prepared, .target = target, .seed = 0, .cpu_has_vnni = true, .stored = &model.original};
  try {
    const Chain chain = resolve(parse_recipe(recipe));
    if (needs_data(chain, task)) return "";  // what it wants to see it would take
    require_change(decide(chain, task), model.prepared);
    return "";
  } catch (const Error& error) {
    return error.message();
  }
}

// --- weights inside bodies
// ---------------------------------------------------------------------------------------------------

std::set<std::string> constants_of(const Graph& graph) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < graph.values.size(); ++i)
    if (graph.is_constant(static_cast<ValueId>(i))) names.insert(graph.values[i].name);
  for (const Node& node : graph.nodes)
    if (node.is("Constant")) names.insert(graph.value(node.output(0)).name);
  return names;
}

std::size_t weights_within(const Node& node, const std::set<std::string>& around) {
  std::size_t count = 0;
  for_each_subgraph(node, [&](const Subgraph& body) {
    std::set<std::string> constants = constants_of(*body);
    constants.insert(around.begin(), around.end());
    for (const Node& inner : body->nodes) {
      const OpInfo* op = find_op(inner);
      const ValueId weight =
          op != nullptr && op->weight_input >= 0 ? inner.input(static_cast<std::size_t>(op->weight_input)) : kNoValue;
      count += weight != kNoValue && constants.contains(body->value(weight).name);
      count += weights_within(inner, constants);
    }
  });
  return count;
}

}  // namespace

std::vector<BodyWeights> weights_in_bodies(const Graph& graph) {
  const std::set<std::string> constants = constants_of(graph);
  std::vector<BodyWeights> bodies;
  for (const Node& node : graph.nodes)
    if (const std::size_t count = weights_within(node, constants); count > 0)
      bodies.push_back({node.name, node.op_type, count});
  return bodies;
}

std::string to_sentence(const std::vector<BodyWeights>& bodies) {
  constexpr std::size_t kNamed = 3;
  std::size_t count = 0;
  std::string names;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    count += bodies[i].count;
    if (i < kNamed) names += fmt::format("{}'{}' ({})", i == 0 ? "" : ", ", bodies[i].node, bodies[i].op);
  }
  if (bodies.size() > kNamed) names += fmt::format(" and {} more", bodies.size() - kNamed);
  if (count == 0) return "";
  return fmt::format("{} weight{} in the bodies of {} stay in float: methods do not enter bodies yet", count,
                     count == 1 ? "" : "s", names);
}

std::vector<RecipeFit> fits(const LoadedModel& model, const Target& target) {
  std::vector<RecipeFit> all;
  for (const RecipeGroup& group : recipe_groups())
    for (const std::string& recipe : group.recipes)
      all.push_back({recipe, std::string(group.name), misfit(model, target, recipe)});
  return all;
}

Architecture architecture(const LoadedModel& model, const Target& target) {
  const Graph& prepared = model.prepared;
  Architecture info;
  for (std::size_t i = 0; i < prepared.values.size(); ++i)
    if (prepared.is_constant(static_cast<ValueId>(i)) && prepared.values[i].initializer.defined() &&
        ::bw::info(prepared.values[i].initializer.dtype()).is_float)
      info.parameters += prepared.values[i].initializer.size();
  for (const Node& node : prepared.nodes) info.multiply_accumulates += cost(prepared, node).multiply_accumulates;
  info.type = type_of(traits_of(prepared));
  std::set<std::string> fitting;
  for (const RecipeFit& fit : fits(model, target)) {
    info.compatibility[fit.group] |= fit.misfit.empty();
    if (fit.misfit.empty()) fitting.insert(fit.recipe);
  }
  for (const std::string& recipe : usual_order(info.type))
    if (fitting.erase(recipe) > 0) info.recommended_methods.push_back(recipe);
  for (const char* half : {"fp16", "bf16"})
    if (fitting.contains(half)) info.recommended_methods.emplace_back(half);
  return info;
}

}  // namespace bw
