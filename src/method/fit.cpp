#include "method/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/error.h"
#include "graph/infer.h"
#include "graph/ops/op.h"

namespace bw {
namespace {

// The graph as it runs on one sample: free extents are those of a small picture, or short.
Graph on_one_sample(const Graph& graph) {
  constexpr std::int64_t kPixels = 64, kLength = 16;
  Graph concrete = graph;
  for (const ValueId id : concrete.inputs) {
    auto& shape = concrete.value(id).type.shape;
    for (std::size_t axis = 0; shape && axis < shape->size(); ++axis)
      if (Dim& dim = (*shape)[axis]; !dim.known()) dim = {axis == 0 ? 1 : shape->size() == 4 ? kPixels : kLength, {}};
  }
  try {
    infer(concrete);
    return concrete;
  } catch (const Error&) {  // extents that do not go together: what is known without them will do
    return graph;
  }
}

std::uint64_t float_weights(const Graph& graph, const Node& node) {
  std::uint64_t count = 0;
  for (const ValueId id : node.inputs)
    if (id != kNoValue && graph.is_constant(id) && graph.value(id).initializer.dtype() == DType::Float32)
      count += graph.value(id).initializer.size();
  return count;
}

// Weights that a node stores in fewer bits, and all bits that they take then.
struct Stored {
  double count = 0, bits = 0;
};
Stored stored_in_fewer(const Graph& graph, const Node& node, const NodePlan& decision) {
  Stored stored;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueId id = node.inputs[i];
    if (id == kNoValue || !graph.is_constant(id) || graph.value(id).initializer.dtype() != DType::Float32) continue;
    const auto coded = decision.operands.find(static_cast<int>(i));
    const int bits = coded != decision.operands.end()         ? info(coded->second.scheme.code).bits
                     : decision.compute == Precision::Float16 ? 16
                                                              : 32;
    if (bits == 32) continue;
    const auto count = static_cast<double>(graph.value(id).initializer.size());
    stored.count += count;
    stored.bits += count * bits;
  }
  return stored;
}

ChainFit measured(const Graph& graph, const Plan& plan) {
  ChainFit fit;
  const Graph concrete = on_one_sample(graph);
  double work = 0, integer = 0, weights = 0;
  Stored stored;
  for (const Node& node : concrete.nodes) {
    const auto found = plan.nodes.find(node.name);
    const bool changes = found != plan.nodes.end() && found->second.changes();
    const auto macs = static_cast<double>(cost(concrete, node).multiply_accumulates);
    work += macs;
    weights += static_cast<double>(float_weights(graph, node));
    if (is_layer(graph, node)) {
      ++fit.layers;
      fit.taken += changes;
    }
    if (!changes) continue;
    const Precision compute = found->second.compute;
    if (compute == Precision::Integer || compute == Precision::Dynamic) integer += macs;
    const Stored of_node = stored_in_fewer(graph, node, found->second);
    stored.count += of_node.count;
    stored.bits += of_node.bits;
  }
  fit.work = work > 0 ? integer / work : 0;
  fit.weights = weights > 0 ? stored.count / weights : 0;
  if (stored.count > 0) fit.bits = stored.bits / stored.count;
  return fit;
}

}  // namespace

bool is_layer(const Graph& graph, const Node& node) {
  const OpInfo* op = find_op(node);
  if (op == nullptr || op->weight_input < 0) return false;
  const ValueId weight = node.input(static_cast<std::size_t>(op->weight_input));
  return weight != kNoValue && graph.is_constant(weight);
}

ChainFit fit_of(const Chain& chain, const Task& task) {
  try {
    const Plan plan = sketch(chain, task);
    require_change(plan, task.graph);
    ChainFit fit = measured(edited(task.graph, plan.edits), plan);
    fit.data = needs_data(chain, task);
    return fit;
  } catch (const Error& error) {
    return {.reason = error.message()};
  }
}

std::vector<RecipeFit> fits(const Task& task) {
  std::vector<RecipeFit> all;
  for (const RecipeGroup& group : recipe_groups())
    for (const std::string& recipe : group.recipes)
      all.push_back({recipe, group.name, fit_of(resolve(parse_recipe(recipe)), task)});
  return all;
}

std::vector<std::string> recommended(const std::vector<RecipeFit>& fits) {
  constexpr double kEnough = 0.5, kAlike = 0.1;
  const auto rank = [&](const ChainFit& fit) {
    return std::tuple(-std::round(fit.work / kAlike), fit.data, -std::round(fit.weights / kAlike), -fit.bits);
  };
  std::vector<const RecipeFit*> worth;
  for (const RecipeFit& one : fits) {
    const bool enough = one.fit.reason.empty() && std::max(one.fit.work, one.fit.weights) >= kEnough;
    const auto method = [](const std::string& recipe) { return parse_recipe(recipe).steps.front().method; };
    const bool alike = std::ranges::any_of(worth, [&](const RecipeFit* other) {
      return method(other->recipe) == method(one.recipe) && rank(other->fit) == rank(one.fit);
    });
    if (enough && !alike) worth.push_back(&one);
  }
  std::ranges::stable_sort(worth, {}, [&](const RecipeFit* one) { return rank(one->fit); });
  std::vector<std::string> names;
  for (const RecipeFit* one : worth) names.push_back(one->recipe);
  return names;
}

}  // namespace bw
