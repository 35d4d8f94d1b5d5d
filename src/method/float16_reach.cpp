#include "method/float16_reach.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/float_types.h"

namespace bw {
namespace {

// What may be wrong with a value once it is narrowed.
enum class Kind : std::uint8_t {
  Large,    // may be beyond 65504
  Tiny,     // may become zero where that matters: epsilons, variances
  Power,    // squares: may be too large as well as too small
  Inverse,  // one over such a value
  Whole,    // counts and positions: whole numbers above 2048 have no float16
};

// What an operator does with a value of some kind: whether it has to compute in float32, and the kind it hands on.
struct Step {
  bool widened = false;
  std::optional<Kind> on = std::nullopt;
};

using Ops = std::set<std::string_view>;

const Ops kMoves{"Unsqueeze", "Squeeze", "Reshape",  "Flatten",        "Transpose",    "Expand",
                 "Slice",     "Gather",  "GatherND", "GatherElements", "Concat",       "Split",
                 "Tile",      "Pad",     "Identity", "DepthToSpace",   "SpaceToDepth", "ReverseSequence"};
const Ops kCompares{"Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal", "ArgMax", "ArgMin", "IsInf", "IsNaN"};
// Whatever goes in, what comes out is moderate.
const Ops kBounded{"Softmax",
                   "Hardmax",
                   "Sigmoid",
                   "HardSigmoid",
                   "Tanh",
                   "Erf",
                   "Softsign",
                   "Sin",
                   "Cos",
                   "Atan",
                   "Sign",
                   "Exp",
                   "LayerNormalization",
                   "InstanceNormalization",
                   "GroupNormalization",
                   "RMSNormalization",
                   "BatchNormalization",
                   "MeanVarianceNormalization",
                   "LpNormalization"};
const Ops kElementwise{"Add", "Sub", "Mul", "Div",  "Neg", "Abs",  "Sqrt",
                       "Pow", "Max", "Min", "Clip", "Sum", "Mean", "Where"};
const Ops kReductions{"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "GlobalAveragePool", "ReduceSumSquare"};
const Ops kRounding{"Floor", "Ceil", "Round", "Mod", "Range", "CumSum"};
const Ops kProducts{"MatMul", "Gemm", "Einsum"};
// Of what stands in masked places only the size matters here.
const Ops kWantTheLargest{"Softmax", "Hardmax",   "ArgMax",    "ArgMin",
                          "MaxPool", "ReduceMax", "ReduceMin", "GlobalMaxPool"};

bool in(const Ops& ops, const Node& node) {
  return node.domain.empty() && ops.contains(node.op_type);
}

constexpr float kLargest = 65504;  // of binary16
constexpr float kRoundsToInfinity = 65520;
constexpr float kRoundsToZero = 0x1p-25f;

bool is_beyond(float value) {
  return std::isfinite(value) && std::abs(value) >= kRoundsToInfinity;
}

bool vanishes(float value) {
  return value != 0 && std::abs(value) <= kRoundsToZero;
}

class Reach {
 public:
  Reach(const Graph& graph, const std::set<NodeId>& wide) : graph_(graph), wide_(wide), links_(link(graph)) {}

  Float16Reach find() {
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      const auto id = static_cast<NodeId>(n);
      for (std::size_t i = 0; i < node(id).inputs.size(); ++i) look_at_constant(id, i);
      look_at_squares(id);
      look_at_counts(id);
    }
    while (!open_.empty()) {
      const Open next = open_.back();
      open_.pop_back();
      for (const Links::Use& use : uses(next.value)) follow(next, use);
    }
    return std::move(found_);
  }

 private:
  struct Open {
    ValueId value;
    Kind kind;
    std::string why;
  };

  const Node& node(NodeId id) const { return graph_.node(id); }
  const std::vector<Links::Use>& uses(ValueId value) const { return links_.uses[static_cast<std::size_t>(value)]; }
  NodeId producer(ValueId value) const {
    return value == kNoValue ? kNoNode : links_.producer[static_cast<std::size_t>(value)];
  }
  bool is_float32(ValueId value) const { return value != kNoValue && graph_.value(value).type.dtype == DType::Float32; }
  std::span<const float> constant(ValueId value) const {
    if (value == kNoValue || !graph_.is_constant(value)) return {};
    const Tensor& tensor = graph_.value(value).initializer;
    return tensor.dtype() == DType::Float32 ? tensor.data<float>() : std::span<const float>{};
  }

  void widen(NodeId id, const std::string& why) { found_.beyond.emplace(id, why); }

  void hand_on(NodeId id, std::optional<Kind> kind, const std::string& why) {
    if (!kind) return;
    for (const ValueId output : node(id).outputs)
      if (is_float32(output) && seen_.emplace(output, *kind).second) open_.push_back({output, *kind, why});
  }

  void follow(const Open& from, const Links::Use& use) {
    if (use.input < 0) return;
    const Step step = step_of(from.kind, use.node, static_cast<std::size_t>(use.input));
    if (!step.widened) return;
    widen(use.node, from.why);
    hand_on(use.node, step.on, from.why);
  }

  Step step_of(Kind kind, NodeId id, std::size_t input) const {
    if (in(kMoves, node(id)) || (node(id).is("Where") && input > 0)) return {true, kind};
    switch (kind) {
      case Kind::Large:
        return of_large(node(id), input);
      case Kind::Tiny:
        return of_tiny(node(id), input);
      case Kind::Power:
        return of_power(node(id), input);
      case Kind::Inverse:
        return {true, node(id).is("Mul") && has_constant(node(id)) ? std::optional(kind) : std::nullopt};
      case Kind::Whole:
        return of_whole(node(id));
    }
    return {};
  }

  Step of_large(const Node& user, std::size_t input) const {
    if (in(kBounded, user) || in(kCompares, user) || user.is("Log") || is_clipped(user)) return {true, std::nullopt};
    if (user.is("Reciprocal") || (user.is("Div") && input == 1)) return {true, Kind::Tiny};
    return {true, Kind::Large};
  }

  Step of_tiny(const Node& user, std::size_t input) const {
    if (user.is("Log") || (user.is("Div") && input == 1) || in(kCompares, user)) return {true, std::nullopt};
    if (user.is("Reciprocal") || (user.is("Pow") && input == 0 && exponent(user) < 0)) return {true, Kind::Inverse};
    return in(kElementwise, user) || in(kReductions, user) ? Step{true, Kind::Tiny} : Step{};
  }

  // Products sum squares up: a filter bank behind a spectrum. Their root is moderate, but small where it divides.
  Step of_power(const Node& user, std::size_t input) const {
    if (in(kProducts, user) || user.is("Conv")) return {true, Kind::Power};
    const Step step = of_tiny(user, input);
    return {step.widened, step.on == Kind::Tiny && !user.is("Sqrt") ? std::optional(Kind::Power) : step.on};
  }

  Step of_whole(const Node& user) const {
    if (user.is("Sin") || user.is("Cos") || in(kCompares, user)) return {true, std::nullopt};
    const bool on =
        in(kElementwise, user) || in(kRounding, user) || user.is("Cast") || (in(kProducts, user) && has_constant(user));
    return on ? Step{true, Kind::Whole} : Step{};
  }

  bool has_constant(const Node& user) const {
    return std::ranges::any_of(user.inputs, [&](ValueId id) { return !constant(id).empty(); });
  }

  // 0 when it is not one constant number.
  float exponent(const Node& pow) const {
    const std::span<const float> value = constant(pow.input(1));
    return value.size() == 1 ? value[0] : 0;
  }

  bool is_clipped(const Node& user) const {
    const auto fits = [&](ValueId limit) { return constant(limit).size() == 1 && !is_beyond(constant(limit)[0]); };
    return user.is("Clip") && fits(user.input(1)) && fits(user.input(2));
  }

  void look_at_constant(NodeId id, std::size_t input) {
    const ValueId value = node(id).inputs[input];
    const std::span<const float> numbers = constant(value);
    if (numbers.empty()) return;
    const std::string& name = graph_.value(value).name;
    if (std::ranges::any_of(numbers, is_beyond)) {
      if (is_bound(id, input, numbers)) {
        found_.bounds.insert(value);
        return;
      }
      start(id, input, Kind::Large, fmt::format("'{}' has numbers beyond 65504, the largest of float16", name));
    }
    if (would_divide_by_zero(node(id), input, numbers))
      start(id, input, Kind::Tiny, fmt::format("'{}' has numbers that are zero in float16", name));
  }

  void start(NodeId id, std::size_t input, Kind kind, const std::string& why) {
    widen(id, why);
    hand_on(id, step_of(kind, id, input).on, why);
  }

  // Where a number that becomes zero does harm: all of an addend or factor, or any divisor.
  bool would_divide_by_zero(const Node& user, std::size_t input, std::span<const float> numbers) const {
    if (user.is("Div") && input == 1) return std::ranges::any_of(numbers, vanishes);
    const bool all = std::ranges::all_of(numbers, [](float x) { return x == 0 || vanishes(x); }) &&
                     std::ranges::any_of(numbers, vanishes);
    return all && (in(kElementwise, user) || in(kCompares, user));
  }

  bool is_bound(NodeId id, std::size_t input, std::span<const float> numbers) const {
    if (wide_.contains(id)) return false;  // it would hand on the numbers as they are
    const bool low = std::ranges::all_of(numbers, [](float x) { return x < kLargest; });
    const bool high = std::ranges::all_of(numbers, [](float x) { return x > -kLargest; });
    const Node& user = node(id);
    if (user.is("Clip")) return input == 1 ? low : high;
    if (user.is("Max") || user.is("Min")) return user.is("Max") ? low : high;
    std::set<NodeId> path;
    return puts_in(user, input) && only_the_largest_count(id, path);
  }

  static bool puts_in(const Node& user, std::size_t input) {
    return (user.is("Where") && input > 0) || user.is("Concat") || (user.is("Pad") && input == 2);
  }
  static bool hands_on(const Node& user, int input) {
    return in(kMoves, user) || puts_in(user, static_cast<std::size_t>(input));
  }

  bool only_the_largest_count(NodeId id, std::set<NodeId>& path) const {
    if (!path.insert(id).second) return true;
    return std::ranges::all_of(node(id).outputs, [&](ValueId value) {
      return value == kNoValue || (!graph_.is_output(value) && std::ranges::all_of(uses(value), [&](const auto& use) {
               return use.input >= 0 &&
                      (in(kWantTheLargest, node(use.node)) ||
                       (hands_on(node(use.node), use.input) && only_the_largest_count(use.node, path)));
             }));
    });
  }

  // Whether squares are summed up, or reach a root or a logarithm through sums and products.
  bool is_measured(ValueId value) const {
    std::set<ValueId> seen{value};
    std::vector<ValueId> open{value};
    while (!open.empty()) {
      const ValueId next = open.back();
      open.pop_back();
      for (const Links::Use& use : uses(next)) {
        if (use.input < 0) continue;
        const Node& user = node(use.node);
        if (in(kReductions, user) || user.is("Sqrt") || user.is("Log")) return true;
        const bool on = in(kMoves, user) || in(kProducts, user) || user.is("Conv") || user.is("Add") ||
                        user.is("Sum") || user.is("Max") || user.is("Clip");
        if (on && is_float32(user.output(0)) && seen.insert(user.output(0)).second) open.push_back(user.output(0));
      }
    }
    return false;
  }

  // x^2 or x * x that is measured, and with it the difference from the mean that x is.
  void look_at_squares(NodeId id) {
    const Node& square = node(id);
    const bool power =
        (square.is("Pow") && exponent(square) >= 2) || (square.is("Mul") && square.input(0) == square.input(1));
    if (!(power && is_measured(square.output(0))) && !square.is("ReduceSumSquare")) return;
    const std::string why = "squares of activations leave the range of float16";
    widen(id, why);
    hand_on(id, Kind::Power, why);
    const NodeId difference = producer(square.input(0));
    if (difference == kNoNode || !node(difference).is("Sub")) return;
    widen(difference, why);
    for (const ValueId operand : node(difference).inputs)
      if (const NodeId mean = producer(operand); mean != kNoNode && node(mean).is("ReduceMean")) widen(mean, why);
  }

  void look_at_counts(NodeId id) {
    const Node& source = node(id);
    const ValueId from = source.input(0);
    const bool counts =
        source.is("Cast") && from != kNoValue &&
        (graph_.value(from).type.dtype == DType::Int64 || graph_.value(from).type.dtype == DType::Int32);
    if (!(counts || source.is("Range")) || !is_float32(source.output(0))) return;
    const std::string why = "whole numbers above 2048 have no float16";
    widen(id, why);
    hand_on(id, Kind::Whole, why);
  }

  const Graph& graph_;
  const std::set<NodeId>& wide_;
  const Links links_;
  Float16Reach found_;
  std::set<std::pair<ValueId, Kind>> seen_;
  std::vector<Open> open_;
};

}  // namespace

Float16Reach float16_reach(const Graph& graph, const std::set<NodeId>& wide) {
  return Reach(graph, wide).find();
}

}  // namespace bw
