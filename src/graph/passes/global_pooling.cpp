// AveragePool over the whole image and ReduceMean over all spatial axes are GlobalAveragePool, which integer runtimes
// have.
#include <algorithm>

#include "graph/ops/op.h"
#include "graph/passes/list.h"
#include "graph/rewriter.h"
#include "tensor/convert.h"

namespace bw {

namespace {

bool all(const std::vector<std::int64_t>& values, std::int64_t wanted) {
  return std::all_of(values.begin(), values.end(), [=](std::int64_t value) { return value == wanted; });
}

const std::vector<Dim>* image_of(const Graph& graph, const Node& node) {
  if (node.input(0) == kNoValue) return nullptr;
  const ValueType& type = graph.value(node.inputs[0]).type;
  return type.shape && type.shape->size() >= 3 && info(type.dtype).is_float ? &*type.shape : nullptr;
}

bool pools_whole_image(const Graph& graph, const Node& node) {
  const std::vector<Dim>* image = image_of(graph, node);
  if (!node.is("AveragePool") || !image) return false;
  const std::vector<std::int64_t> kernel = node.ints_or("kernel_shape", {});
  const std::string auto_pad = string_of(node, "auto_pad");
  if (kernel.size() + 2 != image->size() || (auto_pad != "NOTSET" && auto_pad != "VALID")) return false;
  for (std::size_t i = 0; i < kernel.size(); ++i)
    if ((*image)[i + 2].value != kernel[i]) return false;
  return all(node.ints_or("pads", {}), 0) && all(node.ints_or("dilations", {}), 1);
}

bool averages_image(const Graph& graph, const Node& node) {
  const std::vector<Dim>* image = image_of(graph, node);
  // In three dimensions the last axis is as likely a width of features: layer normalization would no longer be seen as
  // such.
  if (!node.is("ReduceMean") || !image || image->size() < 4) return false;
  std::vector<std::int64_t> axes = node.ints_or("axes", {});
  if (node.input(1) != kNoValue) {
    if (!graph.is_constant(node.input(1))) return false;
    axes = to_int64s(graph.value(node.input(1)).initializer);
  }
  const auto rank = static_cast<std::int64_t>(image->size());
  for (std::int64_t& axis : axes) axis += axis < 0 ? rank : 0;
  std::sort(axes.begin(), axes.end());
  if (static_cast<std::int64_t>(axes.size()) != rank - 2) return false;
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (axes[i] != static_cast<std::int64_t>(i) + 2) return false;
  return true;
}

void add_pool_and_flatten(Rewriter& rewriter, NodeId id) {
  const Graph& graph = rewriter.graph();
  const Node node = graph.node(id);
  ValueType pooled = graph.value(node.inputs[0]).type;
  std::fill(pooled.shape->begin() + 2, pooled.shape->end(), Dim{1, {}});
  const ValueType flat =
      ValueType::tensor(pooled.dtype, std::vector<Dim>(pooled.shape->begin(), pooled.shape->begin() + 2));
  const ValueId pool = rewriter.add_op("GlobalAveragePool", {node.inputs[0]}, {}, node.name + "/pool", pooled);
  const ValueId result =
      rewriter.add_op("Flatten", {pool}, {{"axis", std::int64_t{1}, {}}}, node.name + "/flatten", flat);
  rewriter.replace_uses(node.outputs[0], result);
  rewriter.remove_node(id);
}

}  // namespace

bool global_pooling(Graph& graph) {
  Rewriter rewriter(graph);
  bool changed = false;
  for (std::size_t n = 0, count = graph.nodes.size(); n < count; ++n) {
    const Node node = graph.nodes[n];
    if (!pools_whole_image(graph, node) && !averages_image(graph, node)) continue;
    const auto id = static_cast<NodeId>(n);
    if (node.is("ReduceMean") && int_of(node, "keepdims") == 0) {
      add_pool_and_flatten(rewriter, id);
    } else {
      rewriter.set_input(id, 1, kNoValue);
      rewriter.edit(id).op_type = "GlobalAveragePool";
      rewriter.edit(id).attributes.clear();
    }
    changed = true;
  }
  if (changed) rewriter.finish();
  return changed;
}

}  // namespace bw
