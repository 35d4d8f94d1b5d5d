#include "measure/judged.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include "base/error.h"
#include "measure/metrics/metric.h"

namespace bw {
namespace {

// Nodes that give their first input's elements in another form, and those that change each by itself.
constexpr std::array<std::string_view, 10> kForms{
    "Identity",  "Cast",    "Dropout",   "Reshape",        "Flatten",
    "Transpose", "Squeeze", "Unsqueeze", "QuantizeLinear", "DequantizeLinear"};
constexpr std::array<std::string_view, 12> kElementwise{"Sigmoid", "Relu", "Tanh", "Clip", "Exp",  "HardSigmoid",
                                                        "Mul",     "Add",  "Sub",  "Div",  "Sqrt", "LeakyRelu"};

bool is_one_of(std::span<const std::string_view> ops, const Node& node) {
  return node.domain.empty() && std::ranges::find(ops, node.op_type) != ops.end();
}

// A graph walked backwards from its outputs.
class Origins {
 public:
  explicit Origins(const Graph& graph) : graph_(graph), links_(link(graph)) {}

  // Along which axis of the value a Softmax ran; nullopt when none made it.
  std::optional<int> softmax_axis(ValueId value) {
    const Node* node = producer(value);
    if (node == nullptr) return std::nullopt;
    if (node->is("Softmax") || node->is("LogSoftmax")) return axis_of(*node, graph_.opset() < 13 ? 1 : -1);
    if (!is_one_of(kForms, *node)) return std::nullopt;
    return moved(*node, softmax_axis(node->input(0)));
  }

  // Along which axis of the value the columns of a constant matrix lie, in a product; nullopt when none made it.
  std::optional<int> product_axis(ValueId value) {
    const Node* node = producer(value);
    if (node == nullptr) return std::nullopt;
    if (node->is("MatMul") || node->is("Gemm"))
      return is_weight(node->input(1)) ? std::optional(rank_of(value) - 1) : std::nullopt;
    if (node->is("Add") && (is_weight(node->input(0)) || is_weight(node->input(1))))
      return product_axis(node->input(is_weight(node->input(1)) ? 0 : 1));
    if (!is_one_of(kForms, *node)) return std::nullopt;
    return moved(*node, product_axis(node->input(0)));
  }

  // The pieces of the value's last concatenation. One of pieces that are concatenated alike (boxes with scores, from
  // grids of several sizes) counts as theirs.
  std::optional<Channels> pieces(ValueId value) {
    constexpr int kMostSteps = 2000;
    const Node* node = ++steps_ < kMostSteps ? producer(value) : nullptr;
    if (node == nullptr) return std::nullopt;
    if (node->is("Concat")) return of_concatenation(*node);
    const std::optional<ValueId> from = changed_one_by_one(*node);
    if (!from) return std::nullopt;
    std::optional<Channels> found = pieces(*from);
    if (!found) return std::nullopt;
    const std::optional<int> axis = moved(*node, found->axis, *from);
    if (!axis) return std::nullopt;
    found->axis = *axis;
    return found;
  }

 private:
  const Node* producer(ValueId value) const {
    if (value == kNoValue) return nullptr;
    const NodeId node = links_.producer[static_cast<std::size_t>(value)];
    return node == kNoNode ? nullptr : &graph_.node(node);
  }
  const std::optional<std::vector<Dim>>& shape_of(ValueId value) const { return graph_.value(value).type.shape; }
  int rank_of(ValueId value) const { return shape_of(value) ? static_cast<int>(shape_of(value)->size()) : 0; }

  bool is_weight(ValueId value) const {
    if (value == kNoValue) return false;
    if (graph_.is_constant(value)) return true;
    const Node* node = producer(value);
    return node != nullptr && (node->is("DequantizeLinear") || node->is("Transpose")) && is_weight(node->input(0));
  }

  std::optional<int> axis_of(const Node& node, std::int64_t otherwise) const {
    const int rank = rank_of(node.output(0)), axis = static_cast<int>(node.int_or("axis", otherwise));
    const int counted = axis < 0 ? axis + rank : axis;
    if (counted < 0 || counted >= rank) return std::nullopt;
    // Before opset 13 all axes from this one on were one.
    return graph_.opset() < 13 && counted != rank - 1 ? std::nullopt : std::optional(counted);
  }

  // The operand that the node changes element by element.
  std::optional<ValueId> changed_one_by_one(const Node& node) const {
    if (is_one_of(kForms, node)) return node.input(0);
    if (!is_one_of(kElementwise, node)) return std::nullopt;
    if (node.inputs.size() < 2 || node.is("Clip") || graph_.is_constant(node.input(1))) return node.input(0);
    return graph_.is_constant(node.input(0)) ? std::optional(node.input(1)) : std::nullopt;
  }

  std::optional<Channels> of_concatenation(const Node& node) {
    const std::optional<int> axis = concat_axis(node);
    if (!axis) return std::nullopt;
    Channels channels{.axis = *axis, .parts = {}};
    std::optional<Channels> common = pieces(node.input(0));
    for (const ValueId input : node.inputs) {
      const auto& shape = shape_of(input);
      if (!shape || !(*shape)[static_cast<std::size_t>(*axis)].known()) return std::nullopt;
      channels.parts.push_back((*shape)[static_cast<std::size_t>(*axis)].value);
      const std::optional<Channels> inner = common ? pieces(input) : std::nullopt;
      if (!inner || inner->axis == *axis || inner->axis != common->axis || inner->parts != common->parts)
        common.reset();
    }
    return common ? common : std::optional(channels);
  }
  std::optional<int> concat_axis(const Node& node) const {
    const int rank = rank_of(node.output(0)), axis = static_cast<int>(node.int_or("axis", 0));
    const int counted = axis < 0 ? axis + rank : axis;
    return counted >= 0 && counted < rank ? std::optional(counted) : std::nullopt;
  }

  std::optional<int> moved(const Node& node, std::optional<int> axis) const {
    return axis ? moved(node, *axis, node.input(0)) : std::nullopt;
  }
  // Where an axis of `from` lies in what the node makes of it.
  std::optional<int> moved(const Node& node, int axis, ValueId from) const {
    if (node.is("Transpose")) return transposed(node, axis, rank_of(from));
    if (rank_of(from) == rank_of(node.output(0)) && !node.is("Reshape") && !node.is("Flatten")) return axis;
    return reshaped(from, axis, node.output(0));
  }
  static std::optional<int> transposed(const Node& node, int axis, int rank) {
    const std::vector<std::int64_t> permutation = node.ints_or("perm", {});
    if (permutation.empty()) return rank - 1 - axis;
    const auto found = std::ranges::find(permutation, axis);
    return found == permutation.end() ? std::nullopt : std::optional(static_cast<int>(found - permutation.begin()));
  }
  // The same extent with as much behind it.
  std::optional<int> reshaped(ValueId from, int axis, ValueId to) const {
    const auto behind = [&](ValueId value, int at) {
      std::int64_t product = 1;
      for (int i = at + 1; i < rank_of(value); ++i) {
        const Dim& dim = (*shape_of(value))[static_cast<std::size_t>(i)];
        product = dim.known() && product >= 0 ? product * dim.value : -1;
      }
      return product;
    };
    const Dim& extent = (*shape_of(from))[static_cast<std::size_t>(axis)];
    const std::int64_t wanted = behind(from, axis);
    for (int i = 0; i < rank_of(to); ++i)
      if (extent.known() && wanted >= 0 && (*shape_of(to))[static_cast<std::size_t>(i)] == extent &&
          behind(to, i) == wanted)
        return i;
    return std::nullopt;
  }

  const Graph& graph_;
  const Links links_;
  int steps_ = 0;
};

bool has_several(const Value& value, int axis) {
  const auto& shape = value.type.shape;
  return !shape || axis >= static_cast<int>(shape->size()) || !(*shape)[static_cast<std::size_t>(axis)].known() ||
         (*shape)[static_cast<std::size_t>(axis)].value > 1;
}

void find_scores(Origins& origins, const Graph& graph, ValueId id, JudgedOutput& output) {
  const std::optional<int> softmax = origins.softmax_axis(id);
  const std::optional<int> product = softmax ? std::nullopt : origins.product_axis(id);
  const std::optional<int> axis = softmax ? softmax : product;
  if (!axis || !has_several(graph.value(id), *axis)) return;
  output.kind = OutputKind::Scores;
  output.class_axis = *axis;
  output.guessed = !softmax;
}

// Channels of what is no concatenation: those of pictures stand behind the batch, of all else in the end.
Channels usual_channels(const ValueType& type) {
  return {.axis = type.shape && type.shape->size() >= 4 ? 1 : -1, .parts = {}};
}

JudgedOutput judged(Origins& origins, const Graph& graph, ValueId id) {
  const Value& value = graph.value(id);
  JudgedOutput output{.name = value.name};
  const DType dtype = value.type.dtype;
  if (!value.type.is_tensor() || dtype == DType::String || dtype == DType::Undefined)
    output.kind = OutputKind::Other;
  else if (!info(dtype).is_float)
    output.kind = OutputKind::Integers;
  else
    find_scores(origins, graph, id, output);
  output.channels = origins.pieces(id).value_or(usual_channels(value.type));
  return output;
}

void add_metric(JudgedOutput& output, const std::string& name, bool labels) {
  const Metric& metric = metric_named(name);
  if (metric.needs_label && !labels)
    throw Error(InputClass::Data, fmt::format("metric \"{}\" needs labels, and there are none", name),
                fmt::format("output \"{}\"", output.name),
                "Without labels an output is judged by agreement or fidelity");
  if (metric.needs_label) output.metrics.push_back(name);
  if (output.kind != OutputKind::Scores && output.kind != OutputKind::Numbers) return;
  if (name == "agreement" || metric.of_classes) output.kind = OutputKind::Scores;
  if (name == "fidelity" || name == "sqnr") output.kind = OutputKind::Numbers;
  output.guessed = false;
}

}  // namespace

std::vector<std::string> JudgedOutput::comparisons() const {
  switch (kind) {
    case OutputKind::Scores:
      return {"agreement", "sqnr", "fidelity"};
    case OutputKind::Integers:
      return {"agreement"};
    case OutputKind::Numbers:
      return {"sqnr", "fidelity"};
    case OutputKind::Other:
      break;
  }
  return {};
}

std::vector<JudgedOutput> outputs_of(const Graph& graph) {
  Origins origins(graph);
  std::vector<JudgedOutput> outputs;
  for (const ValueId id : graph.outputs) outputs.push_back(judged(origins, graph, id));
  return outputs;
}

std::vector<JudgedOutput> judged_outputs(const Graph& graph, const Dataset& dataset) {
  std::vector<JudgedOutput> outputs = outputs_of(graph);
  const auto first = std::ranges::find_if(outputs, [](const auto& o) { return o.kind != OutputKind::Other; });
  if (first == outputs.end())
    throw Error(InputClass::Unsupported, "none of the model's outputs is a tensor of numbers");
  const bool labels = dataset.task() != TaskKind::Outputs;
  if (dataset.outputs().empty()) {
    if (labels)
      for (const std::string& name : dataset.metrics()) add_metric(*first, name, labels);
    return outputs;
  }
  for (JudgedOutput& output : outputs) output.decides = false;
  for (const OutputMetric& said : dataset.outputs()) {
    const auto named = std::ranges::find(outputs, said.output, &JudgedOutput::name);
    if (named == outputs.end() || named->kind == OutputKind::Other)
      throw Error(InputClass::Semantic, "is no output of numbers that a metric could judge",
                  fmt::format("output \"{}\"", said.output));
    add_metric(*named, said.metric, labels);
    named->decides = true;
  }
  return outputs;
}

}  // namespace bw
