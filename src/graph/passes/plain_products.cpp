// Products as kernels for integers want them (up to float rounding): Gemm without factors and with a bias that is a
// vector, MatMul with a weight that is a matrix. What several exporters and simplifiers write otherwise means the same.
#include <algorithm>

#include "graph/ops/op.h"
#include "graph/passes/list.h"
#include "graph/rewriter.h"
#include "tensor/convert.h"

namespace bw {

namespace {

bool is_float_constant(const Graph& graph, ValueId id) {
  return graph.is_constant(id) && graph.value(id).initializer.defined() &&
         graph.value(id).initializer.dtype() == DType::Float32;
}

Tensor times(const Tensor& tensor, float factor) {
  std::vector<float> values = to_floats(tensor);
  for (float& value : values) value *= factor;
  return Tensor::of<float>(tensor.shape(), values);
}

// alpha or beta, into the constant that it multiplies.
bool fold_factor(Rewriter& rewriter, NodeId id, const char* factor, std::size_t position) {
  const Node node = rewriter.graph().node(id);
  const float value = node.float_or(factor, 1);
  const ValueId operand = node.input(position);
  if (value == 1) return false;
  if (operand != kNoValue) {
    if (!is_float_constant(rewriter.graph(), operand)) return false;
    const Value& constant = rewriter.graph().value(operand);
    rewriter.set_input(id, position,
                       rewriter.add_constant(constant.name + "_scaled", times(constant.initializer, value)));
  }
  rewriter.edit(id).set(factor, 1.0f);
  return true;
}

std::optional<std::int64_t> columns_of(const Graph& graph, const Node& node) {
  const std::optional<Shape> weight = graph.value(node.input(1)).type.static_shape();
  if (!weight || weight->size() != 2) return std::nullopt;
  return (*weight)[int_of(node, "transB") != 0 ? 0 : 1];
}

// A bias of one row, or of one number, as a vector of the output's width; none when it differs from row to row.
std::optional<Tensor> as_vector(const Tensor& bias, std::int64_t columns) {
  const Shape& shape = bias.shape();
  const bool one_row = std::all_of(shape.begin(), shape.end() - (shape.empty() ? 0 : 1), [](auto d) { return d == 1; });
  if (!one_row) return std::nullopt;
  if (static_cast<std::int64_t>(bias.size()) == columns) return bias.reshaped({columns});
  if (bias.size() != 1) return std::nullopt;
  return Tensor::of<float>({columns}, std::vector<float>(static_cast<std::size_t>(columns), to_floats(bias)[0]));
}

bool make_bias_a_vector(Rewriter& rewriter, NodeId id) {
  const Node node = rewriter.graph().node(id);
  const ValueId bias = node.input(2);
  if (bias == kNoValue || !is_float_constant(rewriter.graph(), bias) || float_of(node, "beta") != 1) return false;
  const std::optional<std::int64_t> columns = columns_of(rewriter.graph(), node);
  const Value constant = rewriter.graph().value(bias);
  if (!columns || constant.initializer.shape() == Shape{*columns}) return false;
  if (const auto vector = as_vector(constant.initializer, *columns)) {
    rewriter.set_input(id, 2, rewriter.add_constant(constant.name + "_vector", *vector));
    return true;
  }
  const Value output = rewriter.graph().value(node.output(0));
  const ValueId sum = rewriter.add_op("Add", {node.output(0), bias}, {}, output.name + "_biased", output.type);
  const NodeId adder = rewriter.producer(sum);
  rewriter.replace_uses(node.output(0), sum, std::span(&adder, 1));
  rewriter.take_over_output(node.output(0), sum);
  rewriter.set_input(id, 2, kNoValue);
  return true;
}

// [1, K, N] times something of three dimensions or more is [K, N] times it.
bool make_weight_a_matrix(Rewriter& rewriter, NodeId id) {
  const Graph& graph = rewriter.graph();
  const Node node = graph.node(id);
  if (!is_float_constant(graph, node.input(1))) return false;
  const Value weight = graph.value(node.input(1));
  const auto& left = graph.value(node.input(0)).type.shape;
  const Shape& shape = weight.initializer.shape();
  const bool ones = shape.size() > 2 && std::all_of(shape.begin(), shape.end() - 2, [](auto d) { return d == 1; });
  if (!ones || !left || left->size() < shape.size()) return false;
  const Tensor matrix = weight.initializer.reshaped({shape[shape.size() - 2], shape.back()});
  rewriter.set_input(id, 1, rewriter.add_constant(weight.name + "_matrix", matrix));
  return true;
}

}  // namespace

bool plain_products(Graph& graph) {
  Rewriter rewriter(graph);
  bool changed = false;
  const std::size_t count = graph.nodes.size();
  for (std::size_t n = 0; n < count; ++n) {
    const auto id = static_cast<NodeId>(n);
    if (graph.nodes[n].is("MatMul")) changed |= make_weight_a_matrix(rewriter, id);
    if (!graph.nodes[n].is("Gemm")) continue;
    changed |= fold_factor(rewriter, id, "alpha", 1);
    changed |= fold_factor(rewriter, id, "beta", 2);
    changed |= make_bias_a_vector(rewriter, id);
  }
  if (changed) rewriter.finish();
  return changed;
}

}  // namespace bw
