#include "explain/spelled.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "graph/evaluate.h"
#include "graph/ops/product.h"
#include "graph/passes/spell_out_codes.h"
#include "graph/rewriter.h"
#include "model/model.h"
#include "tensor/convert.h"
#include "tensor/transposed.h"

namespace bw {

bool is_quantize(const Node& node) {
  return node.op_type == "QuantizeLinear" || node.op_type == "DynamicQuantizeLinear";
}

bool is_dequantize(const Node& node) {
  return node.op_type == "DequantizeLinear";
}

namespace {

bool is_stored(const Graph& graph, ValueId id) {
  return id != kNoValue && graph.is_constant(id) && graph.value(id).initializer.defined();
}

bool all_stored(const Graph& graph, const Node& node) {
  return std::ranges::all_of(node.inputs, [&](ValueId id) { return id == kNoValue || is_stored(graph, id); });
}

// What a product reads that is quantized as it comes is rounded before, so that spelling its codes out keeps that.
void round_dynamic_inputs(Graph& graph) {
  Rewriter rewriter(graph);
  const std::size_t count = graph.nodes.size();
  for (std::size_t n = 0; n < count; ++n) {
    const auto id = static_cast<NodeId>(n);
    const Node node = graph.nodes[n];
    if (!node.is("DynamicQuantizeLinear")) continue;
    const Value value = graph.value(node.input(0));
    Node coder = node;
    coder.name = node.name + "_rounding";
    for (ValueId& output : coder.outputs)
      if (output != kNoValue) output = rewriter.add_value(value.name + "_rounding", graph.value(output).type);
    const std::vector<ValueId> outputs = coder.outputs;
    rewriter.add_node(std::move(coder));
    rewriter.set_input(id, 0, rewriter.add_op("DequantizeLinear", outputs, {}, value.name + "_rounded", value.type));
  }
  rewriter.finish();
}

constexpr std::string_view kMoves[] = {"DepthToSpace", "Expand", "Flatten", "Identity",  "MaxPool",  "Reshape",
                                       "Resize",       "Slice",  "Squeeze", "Transpose", "Unsqueeze"};
bool moves(const Node& node) {
  return node.domain.empty() && node.output(1) == kNoValue &&
         std::ranges::find(kMoves, std::string_view(node.op_type)) != std::end(kMoves);
}

// DequantizeLinear before, QuantizeLinear behind a node that moves codes.
void move_floats(Graph& graph) {
  Rewriter rewriter(graph);
  const std::size_t count = graph.nodes.size();
  for (std::size_t n = 0; n < count; ++n) {
    const auto id = static_cast<NodeId>(n);
    const Node node = graph.nodes[n];
    const NodeId coder = moves(node) && node.input(0) != kNoValue ? rewriter.producer(node.input(0)) : kNoNode;
    if (coder == kNoNode || graph.node(coder).op_type != "QuantizeLinear") continue;
    const Node quantize = graph.node(coder);
    const Value codes = graph.value(node.output(0));
    std::vector<ValueId> decoding = quantize.inputs, coding = quantize.inputs;
    decoding[0] = node.input(0);
    ValueType before = graph.value(quantize.input(0)).type, type = codes.type;
    type.dtype = DType::Float32;
    rewriter.set_input(id, 0,
                       rewriter.add_op("DequantizeLinear", decoding, quantize.attributes,
                                       graph.value(node.input(0)).name + "_float", before, quantize.domain));
    rewriter.set_type(node.output(0), type);
    coding[0] = node.output(0);
    const ValueId again = rewriter.add_op("QuantizeLinear", coding, quantize.attributes, codes.name + "_codes",
                                          codes.type, quantize.domain);
    const NodeId keeper = rewriter.producer(again);
    rewriter.replace_uses(node.output(0), again, std::span(&keeper, 1));
    rewriter.take_over_output(node.output(0), again);
  }
  rewriter.finish();
}

std::optional<Tensor> evaluated(const Graph& graph, const Node& node) {
  std::vector<Tensor> inputs;
  for (const ValueId id : node.inputs) inputs.push_back(id == kNoValue ? Tensor{} : graph.value(id).initializer);
  const auto outputs = evaluate_node(graph, node, inputs);
  return outputs ? std::optional(outputs->at(0)) : std::nullopt;
}

// Rows looked up from a table of codes and decoded behind that: the table is decoded before, where one scale serves
// all.
void decode_tables(Graph& graph) {
  Rewriter rewriter(graph);
  const std::size_t count = graph.nodes.size();
  for (std::size_t n = 0; n < count; ++n) {
    const Node decoder = graph.nodes[n];
    const NodeId maker = is_dequantize(decoder) ? rewriter.producer(decoder.input(0)) : kNoNode;
    if (maker == kNoNode || !graph.node(maker).is("Gather") || !is_stored(graph, graph.node(maker).input(0))) continue;
    if (!is_stored(graph, decoder.input(1)) || graph.value(decoder.input(1)).initializer.size() != 1) continue;
    const Node gather = graph.node(maker);
    std::vector<ValueId> inputs = decoder.inputs;
    inputs[0] = gather.input(0);
    const Value rows = graph.value(decoder.output(0));
    const ValueId table = rewriter.add_op("DequantizeLinear", inputs, decoder.attributes,
                                          graph.value(gather.input(0)).name + "_float", {}, decoder.domain);
    rewriter.replace_uses(decoder.output(0), rewriter.add_op("Gather", {table, gather.input(1)}, gather.attributes,
                                                             rows.name + "_rows", rows.type));
  }
  rewriter.finish();
}

// Q and DQ of constants, in the order of the nodes: a weight may be kept in floats before both.
void decode_constants(Spelled& spelled) {
  Graph& graph = spelled.graph;
  Rewriter rewriter(graph);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node node = graph.nodes[n];
    const bool decodes = is_dequantize(node);
    if ((!decodes && node.op_type != "QuantizeLinear") || !all_stored(graph, node) || graph.is_output(node.output(0)))
      continue;
    const std::optional<Tensor> numbers = evaluated(graph, node);
    if (!numbers) continue;
    if (decodes)
      spelled.weights[graph.value(node.output(0)).name] = {graph.value(node.input(0)).initializer,
                                                           to_floats(graph.value(node.input(1)).initializer)};
    rewriter.make_constant(node.output(0), *numbers);
  }
  rewriter.finish();
}

// --- products whose weight is codes and whose scale is multiplied behind them

// As it multiplies the output channels of a weight; nullopt when it does something else. A Conv's channels are the
// first axis of its weight and the second of its output, a MatMul's the last of both.
std::optional<std::vector<float>> factors_of(const Tensor& weight, const Tensor& factor, bool is_conv) {
  const auto channels = static_cast<std::size_t>(is_conv ? weight.shape().front() : weight.shape().back());
  const Shape& shape = factor.shape();
  std::vector<float> values = to_floats(factor);
  if (values.size() == 1) return std::vector<float>(channels, values.front());
  const std::size_t behind = is_conv ? weight.rank() - 2 : 0;
  const std::size_t axis = shape.size() - 1 - std::min(behind, shape.size() - 1);
  const bool along = values.size() == channels && static_cast<std::size_t>(shape[axis]) == channels;
  return along ? std::optional(values) : std::nullopt;
}

Tensor scaled(const Tensor& weight, const std::vector<float>& factors, bool is_conv) {
  std::vector<float> values = to_floats(weight);
  const std::size_t inner = is_conv ? values.size() / factors.size() : 1;
  for (std::size_t i = 0; i < values.size(); ++i) values[i] *= factors[i / inner % factors.size()];
  return Tensor::of<float>(weight.shape(), std::span<const float>(values));
}

// The Mul behind a product that alone reads it, with a constant.
struct ScaledProduct {
  NodeId product = kNoNode;
  ValueId factor = kNoValue;
};
ScaledProduct scaled_product(const Graph& graph, const Rewriter& rewriter, const Node& node) {
  if (!node.is("Mul")) return {};
  for (const int side : {0, 1}) {
    const ValueId value = node.input(static_cast<std::size_t>(side)), other = node.input(side == 0 ? 1 : 0);
    const NodeId maker = rewriter.producer(value);
    if (maker == kNoNode || !is_stored(graph, other) || rewriter.uses(value).size() != 1 || graph.is_output(value))
      continue;
    const Node& product = graph.node(maker);
    if ((product.is("MatMul") || product.is("Conv")) && product.input(2) == kNoValue &&
        is_stored(graph, product.input(1)) && graph.value(product.input(1)).initializer.rank() >= 2)
      return {maker, other};
  }
  return {};
}

bool all_whole(const Tensor& tensor) {
  constexpr float kMost = 255;
  return std::ranges::all_of(
      to_floats(tensor), [](float x) { return x == static_cast<float>(static_cast<int>(x)) && std::abs(x) <= kMost; });
}

void fold_scales(Spelled& spelled) {
  Graph& graph = spelled.graph;
  Rewriter rewriter(graph);
  const std::size_t count = graph.nodes.size();
  for (std::size_t n = 0; n < count; ++n) {
    const Node mul = graph.nodes[n];
    const auto [id, factor] = scaled_product(graph, rewriter, mul);
    if (id == kNoNode) continue;
    const Node product = graph.node(id);
    const Value weight = graph.value(product.input(1));
    const bool is_conv = product.is("Conv");
    const auto factors = factors_of(weight.initializer, graph.value(factor).initializer, is_conv);
    if (!factors || weight.initializer.dtype() != DType::Float32 || !all_whole(weight.initializer)) continue;
    const ValueId numbers =
        rewriter.add_constant(weight.name + "_scaled", scaled(weight.initializer, *factors, is_conv));
    spelled.weights[graph.value(numbers).name] = {cast(weight.initializer, DType::Int16),
                                                  to_floats(graph.value(factor).initializer)};
    const ValueId result = rewriter.add_op(product.op_type, {product.input(0), numbers}, product.attributes,
                                           graph.value(mul.output(0)).name + "_float", graph.value(mul.output(0)).type);
    rewriter.replace_uses(mul.output(0), result);
    if (graph.is_output(mul.output(0))) continue;
    rewriter.remove_node(static_cast<NodeId>(n));
    rewriter.remove_node(id);
  }
  rewriter.finish();
}

Tensor turned(const Tensor& matrix) {
  const auto rows = static_cast<std::size_t>(matrix.shape()[0]), columns = static_cast<std::size_t>(matrix.shape()[1]);
  const std::vector<float> values = to_floats(matrix);
  const Tensor floats = Tensor::of<float>({matrix.shape()[1], matrix.shape()[0]},
                                          std::span<const float>(transposed<float>(values, rows, columns)));
  return cast(floats, matrix.dtype());
}

}  // namespace

void split_products(Spelled& network) {
  Graph& graph = network.graph;
  Rewriter rewriter(graph);
  const std::size_t count = graph.nodes.size();
  for (std::size_t n = 0; n < count; ++n) {
    const Node gemm = graph.nodes[n];
    const auto product = plain_product(gemm);
    if (!gemm.is("Gemm") || !product || !is_stored(graph, product->weight)) continue;
    const Value weight = graph.value(product->weight), output = graph.value(gemm.output(0));
    ValueId matrix = product->weight;
    if (product->transposed) {
      matrix = rewriter.add_constant(weight.name + "_turned", turned(weight.initializer));
      if (const auto coded = network.weights.find(weight.name); coded != network.weights.end())
        network.weights[graph.value(matrix).name] = {turned(coded->second.codes), coded->second.scales};
    }
    Node matmul = gemm;
    matmul.op_type = "MatMul";
    matmul.attributes.clear();
    matmul.inputs = {product->x, matrix};
    matmul.outputs = {rewriter.add_value(output.name + "_product", output.type)};
    ValueId result = matmul.outputs[0];
    rewriter.edit(static_cast<NodeId>(n)).name += "_split";
    rewriter.add_node(std::move(matmul));
    if (product->bias != kNoValue)
      result = rewriter.add_op("Add", {result, product->bias}, {}, output.name + "_sum", output.type);
    rewriter.replace_uses(gemm.output(0), result);
    if (!graph.is_output(gemm.output(0))) rewriter.remove_node(static_cast<NodeId>(n));
  }
  rewriter.finish();
}

Spelled spelled_out(const Graph& quantized) {
  Spelled spelled{quantized, {}};
  round_dynamic_inputs(spelled.graph);
  spell_out_codes(spelled.graph);
  move_floats(spelled.graph);
  decode_tables(spelled.graph);
  decode_constants(spelled);
  spelled.graph = prepared(spelled.graph);
  fold_scales(spelled);
  split_products(spelled);
  return spelled;
}

}  // namespace bw
