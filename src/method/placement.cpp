#include "method/placement.h"

#include <fmt/format.h>

#include <fnmatch.h>

#include <algorithm>

#include "base/error.h"
#include "base/names.h"
#include "base/parameter.h"
#include "graph/links.h"
#include "graph/ops/op.h"

namespace bw {
namespace {

bool matches(const std::string& pattern, const Node& node) {
  return pattern == node.name || ::fnmatch(pattern.c_str(), node.name.c_str(), 0) == 0 ||
         ::fnmatch(pattern.c_str(), node.op_type.c_str(), 0) == 0;
}

std::string near_hint(const Graph& graph, std::string_view word) {
  std::vector<std::string_view> known;
  for (const Node& node : graph.nodes) {
    known.push_back(node.op_type);
    known.push_back(node.name);
  }
  const std::string_view near = nearest(word, known);
  return near.empty() ? std::string("'bitwright inspect MODEL --nodes' lists them; * stands for any part of a name")
                      : fmt::format("Did you mean '{}'?", near);
}

class Placer {
 public:
  Placer(const Graph& graph, const Target& target, const KeepFloat& keep)
      : graph_(graph), target_(target), keep_(keep), links_(link(graph)) {}

  Placement place() {
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) consider(static_cast<NodeId>(n));
    while (demote_one_round()) {
    }
    free_float_biases();
    for (const NodeId node : result_.integer) code_values(node);
    for (const ValueId value : result_.coded) result_.range_of[value] = range_source(value);
    return std::move(result_);
  }

 private:
  const Node& node(NodeId id) const { return graph_.node(id); }
  NodeId producer(ValueId value) const {
    return value == kNoValue ? kNoNode : links_.producer[static_cast<std::size_t>(value)];
  }
  const std::vector<Links::Use>& uses(ValueId value) const { return links_.uses[static_cast<std::size_t>(value)]; }
  bool is_integer(NodeId id) const { return id != kNoNode && result_.integer.contains(id); }
  IntegerKernel kernel(NodeId id) const { return target_.support(node(id)).integer; }
  bool is_bias_add(NodeId id) const { return id != kNoNode && result_.bias_add.contains(id); }

  bool is_float_activation(ValueId value) const {
    return value != kNoValue && !graph_.is_constant(value) && graph_.value(value).type.dtype == DType::Float32;
  }
  bool is_float_constant(ValueId value) const {
    return value != kNoValue && graph_.is_constant(value) && graph_.value(value).initializer.dtype() == DType::Float32;
  }

  // The candidates; whether they stay is decided by demote_one_round().
  void consider(NodeId id) {
    const IntegerKernel kind = kernel(id);
    if (kind == IntegerKernel::None) return;
    const std::string obstacle = kind == IntegerKernel::Weighted ? weighted_obstacle(id) : "";
    if (const std::string wish = keep_.reason(node(id)); !wish.empty() || !obstacle.empty()) {
      if (kind == IntegerKernel::Weighted) result_.reasons[id] = wish.empty() ? obstacle : wish;
      return;
    }
    result_.integer.insert(id);
    if (const NodeId product = biased_product(id); product != kNoNode) result_.bias_add[id] = product;
  }

  std::string weighted_obstacle(NodeId id) const {
    const OpInfo* op = find_op(node(id));
    if (op == nullptr || op->weight_input < 0) return "it has no weight";
    if (std::string obstacle = target_.obstacle(graph_, node(id)); !obstacle.empty()) return obstacle;
    if (!is_float_activation(node(id).input(0))) return "the activation is a constant or not float32";
    const ValueId bias = op->bias_input < 0 ? kNoValue : node(id).input(static_cast<std::size_t>(op->bias_input));
    if (bias != kNoValue && !is_float_constant(bias)) return "the bias is not a constant";
    return bias != kNoValue && graph_.value(bias).initializer.rank() > 1 ? "the bias is no vector" : "";
  }

  // The runtime makes one node of the two, so the constant has to be coded with the product.
  NodeId biased_product(NodeId id) const {
    if (!node(id).is("Add")) return kNoNode;
    for (const std::size_t side : {0u, 1u}) {
      const NodeId product = producer(node(id).input(side));
      const ValueId bias = node(id).input(1 - side);
      if (!is_integer(product) || !is_float_constant(bias) || !only_user(node(product).output(0), id)) continue;
      const AddedBias* merged = target_.added_bias(node(product));
      if (merged != nullptr && merged->takes(graph_, node(product), bias)) return product;
    }
    return kNoNode;
  }

  // Behind a product that gives floats a float bias is added as it is, unless the runtime merges the two even then.
  void free_float_biases() {
    std::vector<NodeId> freed;
    for (const auto& [add, product] : result_.bias_add)
      if (!hands_on_codes(add) && !target_.added_bias(node(product))->in_float(graph_, node(product)))
        freed.push_back(add);
    for (const NodeId add : freed) {
      result_.bias_add.erase(add);
      result_.integer.erase(add);
    }
  }

  bool only_user(ValueId value, NodeId user) const {
    return uses(value).size() == 1 && uses(value).front().node == user && uses(value).front().input >= 0 &&
           !graph_.is_output(value);
  }

  bool demote_one_round() {
    std::vector<NodeId> demoted;
    for (const NodeId id : result_.integer)
      if (!may_stay(id)) demoted.push_back(id);
    for (const NodeId id : demoted) {
      result_.integer.erase(id);
      result_.bias_add.erase(id);
    }
    return !demoted.empty();
  }

  bool may_stay(NodeId id) const {
    if (kernel(id) == IntegerKernel::Weighted) return true;
    if (is_bias_add(id)) return is_integer(result_.bias_add.at(id));
    if (kernel(id) == IntegerKernel::Absorbed) return absorbed(id);
    return reads_codes(id) && feeds_integers(id);
  }

  bool absorbed(NodeId id) const {
    const NodeId before = producer(node(id).input(0));
    if (!is_integer(before) || kernel(before) == IntegerKernel::Move || kernel(before) == IntegerKernel::Absorbed)
      return false;
    if (!only_user(node(id).input(0), id)) return false;
    for (std::size_t i = 1; i < node(id).inputs.size(); ++i)
      if (node(id).inputs[i] != kNoValue && !graph_.is_constant(node(id).inputs[i])) return false;
    // A product that may give float does so unless codes are wanted after the activation function.
    return feeds_integers(id) || !may_give_float(before);
  }

  // All activations are codes; or, for arithmetic, one is in any case, so that coding the others saves a conversion.
  bool reads_codes(NodeId id) const {
    int activations = 0, coded = 0, always = 0;
    for (const ValueId input : node(id).inputs) {
      if (!is_float_activation(input)) continue;
      ++activations;
      coded += hands_on_codes(producer(input));
      always += always_codes(producer(input));
    }
    return activations > 0 && (coded == activations || (always > 0 && kernel(id) == IntegerKernel::Arithmetic));
  }

  bool feeds_integers(NodeId id) const {
    const auto& users = uses(node(id).output(0));
    return std::any_of(users.begin(), users.end(),
                       [&](const Links::Use& use) { return use.input >= 0 && is_integer(use.node); });
  }

  // Whether the result of an integer node leaves it as codes whoever uses it.
  bool always_codes(NodeId id) const { return is_integer(id) && !may_give_float(id); }

  bool hands_on_codes(NodeId id) const {
    if (!is_integer(id)) return false;
    if (always_codes(id)) return true;
    const auto& users = uses(node(id).output(0));
    return !graph_.is_output(node(id).output(0)) && std::all_of(users.begin(), users.end(), [&](const Links::Use& use) {
      return use.input >= 0 && is_integer(use.node);
    });
  }

  bool may_give_float(NodeId id) const {
    if (is_bias_add(id)) id = result_.bias_add.at(id);
    if (kernel(id) == IntegerKernel::Absorbed) return may_give_float(producer(node(id).input(0)));
    return target_.support(node(id)).float_output;
  }

  // Values around an integer node that carry codes.
  void code_values(NodeId id) {
    if (kernel(id) != IntegerKernel::Absorbed && !is_bias_add(id))
      for (const ValueId input : node(id).inputs)
        if (is_float_activation(input)) result_.coded.insert(input);
    if (!hands_on_codes(id) || ends_inside(id)) return;
    for (const ValueId output : node(id).outputs)
      if (output != kNoValue && graph_.value(output).type.dtype == DType::Float32) result_.coded.insert(output);
  }

  // The result goes straight into a fused bias or activation function, so no codes stand between.
  bool ends_inside(NodeId id) const {
    const auto& users = uses(node(id).output(0));
    if (users.size() != 1 || !is_integer(users.front().node)) return false;
    const NodeId next = users.front().node;
    return kernel(next) == IntegerKernel::Absorbed || (is_bias_add(next) && result_.bias_add.at(next) == id);
  }

  ValueId range_source(ValueId value) const {
    for (NodeId before = producer(value); is_integer(before) && kernel(before) == IntegerKernel::Move;
         before = producer(value))
      value = node(before).input(0);
    return value;
  }

  const Graph& graph_;
  const Target& target_;
  const KeepFloat& keep_;
  Links links_;
  Placement result_;
};

}  // namespace

KeepFloat::KeepFloat(const Task& task, const Arguments& arguments) {
  for (const auto& [node, why] : task.refused) add(node, "the runtime refused it otherwise: " + why);
  for (const auto& [node, why] : task.kept) add(node, why);
  for (const std::string_view word : split(arguments.text("keep_float"), '|')) {
    const std::string pattern(word);
    const auto fits = [&](const Graph& graph) {
      return std::ranges::any_of(graph.nodes, [&](const Node& node) { return matches(pattern, node); });
    };
    // A node that preparation took away is in float as well as gone.
    if (!fits(task.graph) && (task.stored == nullptr || !fits(*task.stored)))
      throw Error(ErrorKind::Usage, fmt::format("'{}' fits no operator and no node of the graph", word), "keep_float",
                  near_hint(task.graph, word));
    patterns_.push_back(pattern);
  }
}

std::string KeepFloat::reason(const Node& node) const {
  if (std::any_of(patterns_.begin(), patterns_.end(), [&](const auto& pattern) { return matches(pattern, node); }))
    return "kept in float as asked";
  const auto found = reasons_.find(node.name);
  return found == reasons_.end() ? "" : found->second;
}

void keep_narrow(const Graph& graph, const Target& target, KeepFloat& keep) {
  for (const Node& node : graph.nodes) {
    const IntegerWindows& least = target.support(node).windows;
    if (least.channels == 0 || !graph.is_constant(node.input(1)) || node.int_or("group", 1) != 1) continue;
    const Tensor& weight = graph.value(node.input(1)).initializer;
    if (weight.rank() < 3) continue;
    const std::int64_t outputs = weight.shape()[0], channels = weight.shape()[1],
                       row = channels * weight.shape().back();
    if (channels >= least.channels || (row >= least.row && outputs > 1)) continue;
    keep.add(node.name, fmt::format("with {} input channel{} the integer kernel is slower than the float one", channels,
                                    channels == 1 ? "" : "s"));
  }
}

Placement place_integers(const Graph& graph, const Target& target, const KeepFloat& keep) {
  return Placer(graph, target, keep).place();
}

}  // namespace bw
