// Follows dimensions through Shape, Gather, Concat and their kin. What turns out known becomes constant; a Reshape
// whose target is made of its input's own dimensions gets a constant target with 0 and -1.
#include <algorithm>
#include <map>

#include "graph/passes/list.h"
#include "graph/rewriter.h"
#include "tensor/convert.h"

namespace bw {

namespace {

constexpr std::size_t kLongest = 64;  // no shape is longer; longer vectors are data

// Integers of a small tensor, each a number or a symbol or neither (Dim).
struct Extents {
  std::vector<Dim> values;
  bool scalar = false;
};

class Follower {
 public:
  explicit Follower(const Graph& graph) : graph_(graph) {
    for (const Node& node : graph.nodes)
      if (auto extents = of_node(node); extents && extents->values.size() <= kLongest)
        known_[node.outputs[0]] = *extents;
  }

  std::optional<Extents> of(ValueId id) const {
    if (id == kNoValue) return std::nullopt;
    if (const auto found = known_.find(id); found != known_.end()) return found->second;
    const Tensor& tensor = graph_.value(id).initializer;
    if (!tensor.defined() || !graph_.is_constant(id) || tensor.rank() > 1 || tensor.size() > kLongest)
      return std::nullopt;
    if (tensor.dtype() != DType::Int64 && tensor.dtype() != DType::Int32) return std::nullopt;
    Extents extents{{}, tensor.rank() == 0};
    for (std::int64_t value : to_int64s(tensor)) {
      // A Dim holds no negative number: -1 and its kin have a symbol of their own.
      if (value >= 0)
        extents.values.push_back({value, {}});
      else
        extents.values.push_back({-1, negative(value)});
    }
    return extents;
  }

  // Unlike any symbol of a model: some exporters name a dimension "-1".
  static std::string negative(std::int64_t value) { return '\x01' + std::to_string(value); }

 private:
  std::optional<std::vector<std::int64_t>> numbers(ValueId id) const {
    if (id == kNoValue || !graph_.is_constant(id) || !graph_.value(id).initializer.defined()) return std::nullopt;
    const Tensor& tensor = graph_.value(id).initializer;
    if (!info(tensor.dtype()).is_integer || tensor.size() > kLongest) return std::nullopt;
    return to_int64s(tensor);
  }

  std::optional<Extents> of_node(const Node& node) const {
    struct Rule {
      std::string_view op;
      std::optional<Extents> (Follower::*follow)(const Node&) const;
    };
    static constexpr Rule kRules[] = {
        {"Cast", &Follower::cast},       {"Concat", &Follower::concat},       {"Gather", &Follower::gather},
        {"Identity", &Follower::pass},   {"Shape", &Follower::shape},         {"Slice", &Follower::slice},
        {"Squeeze", &Follower::squeeze}, {"Unsqueeze", &Follower::unsqueeze},
    };
    if (node.output(0) == kNoValue) return std::nullopt;
    for (const Rule& rule : kRules)
      if (node.is(rule.op)) return (this->*rule.follow)(node);
    return std::nullopt;
  }

  std::optional<Extents> shape(const Node& node) const {
    if (node.input(0) == kNoValue) return std::nullopt;
    const ValueType& type = graph_.value(node.input(0)).type;
    if (!type.is_tensor() || !type.shape) return std::nullopt;
    const auto rank = static_cast<std::int64_t>(type.shape->size());
    const auto bound = [&](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank); };
    const std::int64_t start = bound(node.int_or("start", 0)), end = bound(node.int_or("end", rank));
    return Extents{std::vector<Dim>(type.shape->begin() + start, type.shape->begin() + std::max(start, end)), false};
  }

  std::optional<Extents> pass(const Node& node) const { return of(node.input(0)); }

  std::optional<Extents> cast(const Node& node) const {
    const std::int64_t to = node.int_or("to", 0);
    const bool integer = to == static_cast<std::int64_t>(DType::Int64) || to == static_cast<std::int64_t>(DType::Int32);
    return integer ? of(node.input(0)) : std::nullopt;
  }

  std::optional<Extents> squeeze(const Node& node) const {
    std::optional<Extents> extents = of(node.input(0));
    if (!extents || extents->values.size() != 1) return std::nullopt;
    extents->scalar = true;
    return extents;
  }

  std::optional<Extents> unsqueeze(const Node& node) const {
    std::optional<Extents> extents = of(node.input(0));
    if (!extents || !extents->scalar) return std::nullopt;
    extents->scalar = false;
    return extents;
  }

  std::optional<Extents> gather(const Node& node) const {
    const std::optional<Extents> extents = of(node.input(0));
    const auto indices = numbers(node.input(1));
    if (!extents || extents->scalar || !indices || graph_.value(node.inputs[1]).initializer.rank() > 1)
      return std::nullopt;
    Extents result{{}, graph_.value(node.inputs[1]).initializer.rank() == 0};
    const auto count = static_cast<std::int64_t>(extents->values.size());
    for (std::int64_t index : *indices) {
      if (index < -count || index >= count) return std::nullopt;
      result.values.push_back(extents->values[static_cast<std::size_t>(index < 0 ? index + count : index)]);
    }
    return result;
  }

  std::optional<Extents> slice(const Node& node) const {
    const std::optional<Extents> extents = of(node.input(0));
    if (!extents || extents->scalar) return std::nullopt;
    const bool by_inputs = node.inputs.size() > 1;
    const auto list = [&](std::size_t input, const char* name) -> std::optional<std::vector<std::int64_t>> {
      if (!by_inputs) return node.ints_or(name, {});
      return numbers(node.input(input));
    };
    const auto starts = list(1, "starts"), ends = list(2, "ends");
    if (!starts || !ends || starts->size() != 1 || ends->size() != 1) return std::nullopt;
    if (node.input(4) != kNoValue && numbers(node.input(4)) != std::vector<std::int64_t>{1}) return std::nullopt;
    const auto count = static_cast<std::int64_t>(extents->values.size());
    const auto bound = [&](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + count : at, 0, count); };
    const std::int64_t start = bound((*starts)[0]), end = std::max(start, bound((*ends)[0]));
    return Extents{std::vector<Dim>(extents->values.begin() + start, extents->values.begin() + end), false};
  }

  std::optional<Extents> concat(const Node& node) const {
    Extents result;
    for (ValueId id : node.inputs) {
      const std::optional<Extents> part = of(id);
      if (!part || part->scalar) return std::nullopt;
      result.values.insert(result.values.end(), part->values.begin(), part->values.end());
      if (result.values.size() > kLongest) return std::nullopt;
    }
    return result;
  }

  const Graph& graph_;
  std::map<ValueId, Extents> known_;
};

// Numbers when all are.
std::optional<Tensor> constant_of(const Extents& extents, DType dtype) {
  std::vector<std::int64_t> values;
  for (const Dim& dim : extents.values) {
    if (!dim.known()) return std::nullopt;
    values.push_back(dim.value);
  }
  const Shape shape = extents.scalar ? Shape{} : Shape{static_cast<std::int64_t>(values.size())};
  return cast(Tensor::of<std::int64_t>(shape, std::span<const std::int64_t>(values)), dtype);
}

// The target of a Reshape in numbers: 0 where the input's own dimension stands at its own place, -1 where the target
// says so, or for one dimension that is left, as it follows from the count (unless a copied dimension may be zero).
std::optional<std::vector<std::int64_t>> target_of(const Extents& extents, const std::vector<Dim>& from) {
  std::vector<std::int64_t> target;
  int said = 0, copied = 0, left = 0;
  for (std::size_t i = 0; i < extents.values.size(); ++i) {
    const Dim& dim = extents.values[i];
    const bool is_copy = !dim.known() && !dim.symbol.empty() && i < from.size() && from[i].symbol == dim.symbol;
    if (!dim.known()) ++(is_copy ? copied : dim.symbol == Follower::negative(-1) ? said : left);
    target.push_back(dim.known() ? dim.value : is_copy ? 0 : -1);
  }
  const bool open = said + left > 1 || (left == 1 && copied > 0);
  return open ? std::nullopt : std::optional(target);
}

}  // namespace

bool fold_shapes(Graph& graph) {
  const Follower follower(graph);
  Rewriter rewriter(graph);
  bool changed = false;
  for (std::size_t n = 0, count = graph.nodes.size(); n < count; ++n) {
    const Node node = graph.nodes[n];
    const ValueId out = node.output(0);
    if (node.is("Reshape") && node.int_or("allowzero", 0) == 0 && !graph.is_constant(node.input(1))) {
      const std::optional<Extents> extents = follower.of(node.input(1));
      const ValueType& from = graph.value(node.inputs[0]).type;
      if (!extents || extents->scalar || !from.shape) continue;
      const auto target = target_of(*extents, *from.shape);
      if (!target) continue;
      const Shape shape{static_cast<std::int64_t>(target->size())};
      rewriter.set_input(
          static_cast<NodeId>(n), 1,
          rewriter.add_constant(node.name + "_shape",
                                Tensor::of<std::int64_t>(shape, std::span<const std::int64_t>(*target))));
      changed = true;
    } else if (const auto extents = follower.of(out);
               extents && rewriter.producer(out) != kNoNode && !graph.is_output(out)) {
      const DType dtype = node.is("Cast")                               ? static_cast<DType>(node.int_or("to", 0))
                          : graph.value(out).type.dtype == DType::Int32 ? DType::Int32
                                                                        : DType::Int64;
      const std::optional<Tensor> constant = constant_of(*extents, dtype);
      if (!constant) continue;
      rewriter.make_constant(out, *constant);
      changed = true;
    }
  }
  if (changed) rewriter.finish();
  return changed;
}

}  // namespace bw
