// BatchNormalization after Conv, ConvTranspose or Gemm: y = (x - mean) * s + b with s = scale / sqrt(variance +
// epsilon) goes into the weights (times s) and the bias. Computed in double and rounded once.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "graph/evaluate/elements.h"
#include "graph/ops/op.h"
#include "graph/passes/list.h"
#include "graph/rewriter.h"

namespace bw {

namespace {

// The decimal number that was meant: 1e-5 is stored as the nearest float, and whoever wrote it computed with 1e-5.
double as_written(float value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  double number = value;
  std::from_chars(text, end, number);
  return number;
}

struct Affine {  // by output channel
  std::vector<double> factor, offset, mean;
};

const Tensor* constant(const Graph& graph, ValueId id) {
  return graph.is_constant(id) && graph.value(id).initializer.defined() ? &graph.value(id).initializer : nullptr;
}

std::optional<Affine> affine_of(const Graph& graph, const Node& node) {
  if (!node.is("BatchNormalization") || int_of(node, "training_mode") != 0 || int_of(node, "spatial") != 1)
    return std::nullopt;
  for (std::size_t i = 1; i < node.outputs.size(); ++i)
    if (node.outputs[i] != kNoValue) return std::nullopt;
  std::vector<double> parts[4];
  for (std::size_t i = 0; i < 4; ++i) {
    const Tensor* tensor = constant(graph, node.input(i + 1));
    if (!tensor) return std::nullopt;
    parts[i] = to_doubles(*tensor);
    if (parts[i].size() != parts[0].size()) return std::nullopt;
  }
  const double epsilon = as_written(float_of(node, "epsilon"));
  Affine affine{std::move(parts[0]), std::move(parts[1]), std::move(parts[2])};
  for (std::size_t c = 0; c < affine.factor.size(); ++c) {
    affine.factor[c] /= std::sqrt(parts[3][c] + epsilon);
    if (!std::isfinite(affine.factor[c])) return std::nullopt;
  }
  return affine;
}

// Output channel of each weight element, or nothing when the layer or its weights do not fit.
std::optional<std::vector<std::int64_t>> channels_of(const Node& layer, const Tensor& weight, std::size_t channels) {
  const Shape& shape = weight.shape();
  const bool gemm = layer.is("Gemm"), transposed = layer.is("ConvTranspose");
  if (!gemm && !transposed && !layer.is("Conv")) return std::nullopt;
  if (gemm ? shape.size() != 2 : shape.size() < 3) return std::nullopt;
  const std::size_t axis = gemm ? (int_of(layer, "transB") ? 0 : 1) : transposed ? 1 : 0;
  const std::int64_t group = transposed ? int_of(layer, "group") : 1;
  if (group < 1 || group > std::max<std::int64_t>(shape[0], 1) || shape[0] % group != 0 ||
      shape[axis] * group != static_cast<std::int64_t>(channels))
    return std::nullopt;
  const AxisView view(shape, axis);
  std::vector<std::int64_t> result(weight.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = static_cast<std::int64_t>(i / view.inner % view.extent);
    // Of ConvTranspose [in, out / group, ...]: the group follows from the input channel.
    if (transposed)
      result[i] += static_cast<std::int64_t>(i / view.inner / view.extent) / (shape[0] / group) * shape[1];
  }
  return result;
}

// The layer's own bias by channel; zeros when it has none; nothing when it is not constant or not by channel.
std::optional<std::vector<double>> bias_of(const Graph& graph, const Node& layer, std::size_t channels) {
  if (layer.input(2) == kNoValue) return std::vector<double>(channels, 0.0);
  const Tensor* tensor = constant(graph, layer.input(2));
  if (!tensor || tensor->size() != channels ||
      (tensor->rank() > 0 && tensor->shape().back() != static_cast<std::int64_t>(channels)))
    return std::nullopt;
  std::vector<double> bias = to_doubles(*tensor);
  if (layer.is("Gemm"))
    for (double& value : bias) value *= float_of(layer, "beta");
  return bias;
}

// Gives a constant new content: in place when one node uses it alone.
ValueId replaced(Rewriter& rewriter, ValueId old, Tensor tensor) {
  if (rewriter.uses(old).size() == 1 && !rewriter.graph().is_output(old)) {
    rewriter.set_constant(old, std::move(tensor));
    return old;
  }
  return rewriter.add_constant(rewriter.graph().value(old).name, std::move(tensor));
}

bool fold_into_layer(Rewriter& rewriter, NodeId norm_id) {
  const Graph& graph = rewriter.graph();
  const Node norm = graph.node(norm_id);
  const std::optional<Affine> affine = affine_of(graph, norm);
  const NodeId layer_id = rewriter.producer(norm.input(0));
  if (!affine || layer_id == kNoNode) return false;
  const Node layer = graph.node(layer_id);
  const ValueId between = norm.inputs[0];
  if (rewriter.uses(between).size() != 1 || graph.is_output(between)) return false;
  const Tensor* weight = constant(graph, layer.input(1));
  if (!weight) return false;
  const auto channels = channels_of(layer, *weight, affine->factor.size());
  const auto bias = bias_of(graph, layer, affine->factor.size());
  if (!channels || !bias) return false;

  std::vector<double> weights = to_doubles(*weight), biases;
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] *= affine->factor[static_cast<std::size_t>((*channels)[i])];
  for (std::size_t c = 0; c < bias->size(); ++c)
    biases.push_back(affine->offset[c] + ((*bias)[c] - affine->mean[c]) * affine->factor[c]);
  const DType dtype = weight->dtype();
  const Shape shape = weight->shape();
  rewriter.set_input(layer_id, 1, replaced(rewriter, layer.inputs[1], tensor_of(weights, shape, dtype)));
  rewriter.set_input(
      layer_id, 2,
      replaced(rewriter, norm.inputs[2], tensor_of(biases, {static_cast<std::int64_t>(biases.size())}, dtype)));
  if (layer.is("Gemm")) rewriter.edit(layer_id).remove("beta");
  rewriter.replace_uses(norm.outputs[0], between);
  rewriter.remove_node(norm_id);
  return true;
}

}  // namespace

bool fold_batch_normalization(Graph& graph) {
  Rewriter rewriter(graph);
  bool changed = false;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    if (fold_into_layer(rewriter, static_cast<NodeId>(n))) changed = true;
  if (changed) rewriter.finish();
  return changed;
}

}  // namespace bw
