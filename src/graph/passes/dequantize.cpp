#include "graph/passes/dequantize.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/error.h"
#include "graph/evaluate.h"
#include "graph/passes/spell_out_codes.h"
#include "graph/rewriter.h"
#include "tensor/convert.h"

namespace bw {

namespace {

bool all_constant(const Graph& graph, const Node& node) {
  for (const ValueId id : node.inputs)
    if (id != kNoValue && !(graph.is_constant(id) && graph.value(id).initializer.defined())) return false;
  return true;
}

std::optional<Tensor> decoded(const Graph& graph, const Node& node) {
  std::vector<Tensor> inputs;
  for (const ValueId id : node.inputs) inputs.push_back(id == kNoValue ? Tensor{} : graph.value(id).initializer);
  const auto outputs = evaluate_node(graph, node, inputs);
  return outputs ? std::optional(outputs->at(0)) : std::nullopt;
}

// The largest number that codes stand for whose smallest one stands for zero: quantizers leave out the activation
// function before such codes, which cut off what is below zero all the same.
std::optional<float> bound_of(const Graph& graph, const Node& quantize) {
  const ValueId scale = quantize.input(1), zero_point = quantize.input(2);
  const auto single = [&](ValueId id) { return graph.is_constant(id) && graph.value(id).initializer.size() == 1; };
  if (!single(scale) || (zero_point != kNoValue && !single(zero_point))) return std::nullopt;
  const DType dtype = zero_point == kNoValue ? DType::UInt8 : graph.value(zero_point).initializer.dtype();
  if (!info(dtype).is_integer || info(dtype).bits > 16) return std::nullopt;
  const std::int64_t zero = zero_point == kNoValue ? 0 : to_int64s(graph.value(zero_point).initializer).front();
  const std::int64_t least = info(dtype).is_signed ? -(std::int64_t{1} << (info(dtype).bits - 1)) : 0;
  if (zero != least) return std::nullopt;
  const auto steps = static_cast<float>((std::int64_t{1} << info(dtype).bits) - 1);
  return steps * to_floats(graph.value(scale).initializer).front();
}

// Operators whose results can be below zero and that activation functions follow.
bool precedes_activation(const Node& node) {
  static constexpr std::string_view kOperators[] = {"Add",
                                                    "BatchNormalization",
                                                    "Conv",
                                                    "ConvTranspose",
                                                    "Div",
                                                    "Gemm",
                                                    "InstanceNormalization",
                                                    "LayerNormalization",
                                                    "MatMul",
                                                    "Mul",
                                                    "Sub"};
  return std::ranges::find(kOperators, std::string_view(node.op_type)) != std::end(kOperators);
}

bool moves_codes(const Node& node) {
  static constexpr std::string_view kMoves[] = {"Flatten", "Gather",  "Identity",  "MaxPool",  "Reshape",
                                                "Slice",   "Squeeze", "Transpose", "Unsqueeze"};
  return node.domain.empty() && node.output(1) == kNoValue &&
         std::ranges::find(kMoves, std::string_view(node.op_type)) != std::end(kMoves);
}

class Dequantizer {
 public:
  explicit Dequantizer(Graph& graph) : graph_(graph), rewriter_(graph) {}

  bool run() {
    bool changed = false;
    const std::size_t count = graph_.nodes.size();
    for (std::size_t n = 0; n < count; ++n) {
      const Node node = graph_.nodes[n];
      if (!node.is("DequantizeLinear") || graph_.is_output(node.output(0))) continue;
      changed |= all_constant(graph_, node) ? store_floats(node) : skip_codes(node);
    }
    rewriter_.finish();
    return changed;
  }

 private:
  bool store_floats(const Node& node) {
    const std::optional<Tensor> floats = decoded(graph_, node);
    if (floats) rewriter_.make_constant(node.output(0), *floats);
    return floats.has_value();
  }

  // The codes come from a QuantizeLinear, maybe through nodes that only move them.
  bool skip_codes(const Node& node) {
    constexpr std::size_t kMostMoves = 64;
    std::vector<NodeId> moves;
    NodeId maker = rewriter_.producer(node.input(0));
    for (; maker != kNoNode && moves_codes(graph_.node(maker)) && moves.size() < kMostMoves;
         maker = rewriter_.producer(graph_.node(maker).input(0)))
      moves.push_back(maker);
    if (maker == kNoNode || !graph_.node(maker).is("QuantizeLinear")) return false;
    ValueId floats = floats_before(maker);
    for (; !moves.empty(); moves.pop_back()) floats = moved(moves.back(), floats);
    return rewriter_.replace_uses(node.output(0), floats);
  }

  ValueId moved(NodeId move, ValueId floats) {
    const Node node = graph_.node(move);
    std::vector<ValueId> inputs = node.inputs;
    inputs[0] = floats;
    const Value codes = graph_.value(node.output(0));
    ValueType type = codes.type;
    type.dtype = DType::Float32;
    return rewriter_.add_op(node.op_type, inputs, node.attributes, codes.name + "_float", type);
  }

  // What a QuantizeLinear reads, cut off where the codes did it in place of an activation function.
  ValueId floats_before(NodeId quantize) {
    if (const auto known = before_.find(quantize); known != before_.end()) return known->second;
    const Node node = graph_.node(quantize);
    ValueId floats = node.input(0);
    const NodeId maker = rewriter_.producer(floats);
    const std::optional<float> bound = bound_of(graph_, node);
    if (bound && maker != kNoNode && precedes_activation(graph_.node(maker))) {
      const Value value = graph_.value(floats);
      floats = rewriter_.add_op("Clip",
                                {floats, rewriter_.add_constant(value.name + "_least", Tensor::scalar(0.0f)),
                                 rewriter_.add_constant(value.name + "_most", Tensor::scalar(*bound))},
                                {}, value.name + "_clipped", value.type);
    }
    return before_[quantize] = floats;
  }

  Graph& graph_;
  Rewriter rewriter_;
  std::map<NodeId, ValueId> before_;
};

}  // namespace

bool dequantize(Graph& graph) {
  const bool spelled = spell_out_codes(graph);
  return Dequantizer(graph).run() || spelled;
}

}  // namespace bw
