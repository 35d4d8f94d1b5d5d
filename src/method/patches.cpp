#include "method/patches.h"

#include <algorithm>

#include "graph/ops/product.h"
#include "graph/rewriter.h"

namespace bw {
namespace {

bool all_are(const std::vector<std::int64_t>& numbers, std::int64_t wanted) {
  return std::ranges::all_of(numbers, [&](std::int64_t n) { return n == wanted; });
}

std::optional<Patches> rows_of_product(const Graph& graph, const Node& node, const Tensor& weight) {
  const auto product = plain_product(node);
  const auto& shape = graph.value(node.input(0)).type.shape;
  if (!product || weight.rank() != 2 || !shape || shape->empty()) return std::nullopt;
  return Patches{
      .value = graph.value(product->x).name,
      .axis = static_cast<int>(shape->size()) - 1,
      .groups = 1,
      .columns = static_cast<std::size_t>(weight.shape()[static_cast<std::size_t>(product->reduced_axis())])};
}

// Every place is a row as it is.
bool reads_single_places(const Node& conv, std::int64_t window) {
  return window == 1 && all_are(conv.ints_or("strides", {}), 1) && all_are(conv.ints_or("pads", {}), 0);
}

// [channels * window, 1, ...]: output c * window + j of channel c is what it has at place j.
Tensor one_hot(const Shape& weight, std::size_t channels, std::size_t window) {
  Shape shape = weight;
  shape[0] = static_cast<std::int64_t>(channels * window);
  shape[1] = 1;
  return Tensor::fill<float>(shape, [&](std::span<float> out) {
    std::ranges::fill(out, 0.0F);
    for (std::size_t row = 0; row < channels * window; ++row) out[row * window + row % window] = 1;
  });
}

std::string add_conv(Graph& graph, const Node& layer, Tensor filters, std::int64_t channels) {
  const std::string name = layer.name + "_patches";
  ValueType type = graph.value(layer.output(0)).type;
  if (type.shape && type.shape->size() > 1) (*type.shape)[1] = Dim{filters.shape()[0], {}};
  std::vector<Attribute> attributes = layer.attributes;
  std::erase_if(attributes, [](const Attribute& a) { return a.name == "group"; });
  attributes.push_back({"group", channels, {}});
  Rewriter rewriter(graph);
  const ValueId made =
      rewriter.add_op("Conv", {layer.input(0), rewriter.add_constant(name + "_filters", std::move(filters))},
                      std::move(attributes), name, std::move(type));
  std::string unique = rewriter.graph().value(made).name;
  rewriter.finish();
  return unique;
}

std::optional<Patches> patches_of_conv(Graph& graph, const Node& layer, const Tensor& weight) {
  if (!layer.is("Conv") || weight.rank() < 3 || weight.size() == 0) return std::nullopt;
  const std::int64_t groups = layer.int_or("group", 1), channels = weight.shape()[1] * groups;
  const auto columns = weight.size() / static_cast<std::size_t>(weight.shape()[0]),
             window = columns / static_cast<std::size_t>(weight.shape()[1]);
  Patches patches{.value = {}, .axis = 1, .groups = static_cast<std::size_t>(groups), .columns = columns};
  patches.value =
      reads_single_places(layer, static_cast<std::int64_t>(window))
          ? graph.value(layer.input(0)).name
          : add_conv(graph, layer, one_hot(weight.shape(), static_cast<std::size_t>(channels), window), channels);
  return patches;
}

}  // namespace

std::optional<Patches> add_patches(Graph& graph, NodeId id) {
  const Node layer = graph.node(id);
  const ValueId weight = layer.input(1);
  if (weight == kNoValue || !graph.is_constant(weight) || graph.value(weight).initializer.dtype() != DType::Float32)
    return std::nullopt;
  const Tensor numbers = graph.value(weight).initializer;
  if (auto rows = rows_of_product(graph, layer, numbers)) return rows;
  return patches_of_conv(graph, layer, numbers);
}

}  // namespace bw
