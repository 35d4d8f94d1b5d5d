// Weights as codes of a table of their own: the numbers that are nearest to all of them (method/clusters.h), one table
// a layer, as Core ML's palettization has them.
#include <fmt/format.h>

#include <algorithm>

#include "base/parallel.h"
#include "base/stop.h"
#include "graph/ops/op.h"
#include "graph/ops/product.h"
#include "method/blocks.h"
#include "method/catalog.h"
#include "method/clusters.h"
#include "method/placement.h"
#include "tensor/codebooks.h"
#include "tensor/convert.h"

namespace bw {
namespace {

constexpr std::size_t kLeastElements = 1024;  // below, a table is no smaller than what it stands for

constexpr Parameter kParameters[] = {
    {.name = "bits",
     .type = Parameter::Type::Choice,
     .standard = "4",
     .says = "bits of a code: the table has as many numbers as there are codes",
     .choices = "1|2|3|4|5|6|7|8"},
    {.name = "scales",
     .type = Parameter::Type::Choice,
     .standard = "none",
     .says = "numbers of the table as they are; or in units of the largest weight of each output channel",
     .choices = "none|channel"},
    kKeepFloat,
};

std::vector<float> largest_magnitudes(const Tensor& weight, int axis) {
  const Layout layout = layout_along(weight.shape(), axis);
  std::vector<float> largest(layout.channels);
  const std::span<const float> values = weight.data<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    float& own = largest[i / layout.inner % layout.channels];
    own = std::max(own, std::abs(values[i]));
  }
  for (float& scale : largest) scale = scale == 0 ? 1 : scale;
  return largest;
}

QParams in_palette(const Tensor& weight, int bits, std::optional<int> channel_axis) {
  QParams params{.scheme = unsigned_codes(std::max(bits, 2)), .scales = {}, .zero_points = {}};
  std::vector<float> numbers(weight.data<float>().begin(), weight.data<float>().end());
  if (channel_axis) {
    params.scheme.granularity = Granularity::Channel;
    params.scheme.axis = *channel_axis;
    params.scales = largest_magnitudes(weight, *channel_axis);
    const Layout layout = layout_along(weight.shape(), *channel_axis);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] /= params.scales[i / layout.inner % layout.channels];
  }
  params.codebook = cluster_centers(numbers, {}, std::size_t{1} << bits);
  std::vector<std::uint8_t> codes(numbers.size());
  NearestCodes(params.codebook).encode(numbers, codes);
  params.codes =
      cast(Tensor::of<std::uint8_t>(weight.shape(), std::span<const std::uint8_t>(codes)), params.scheme.code);
  return params;
}

// Of a layer that multiplies with a constant of float32; -1 for others.
int palette_input(const Graph& graph, const Node& node) {
  if (!node.is("Conv") && !plain_product(node)) return -1;
  const int input = find_op(node)->weight_input;
  const ValueId weight = node.input(static_cast<std::size_t>(input));
  const bool taken = graph.is_constant(weight) && graph.value(weight).initializer.dtype() == DType::Float32 &&
                     graph.value(weight).initializer.size() >= kLeastElements;
  return taken ? input : -1;
}

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  const KeepFloat keep(task, arguments);
  const int bits = static_cast<int>(arguments.integer("bits"));
  const bool scaled = arguments.text("scales") == "channel";
  std::vector<std::pair<const Node*, int>> layers;
  for (const Node& node : task.graph.nodes) {
    const int input = palette_input(task.graph, node);
    if (input < 0) continue;
    NodePlan& decision = plan.nodes[node.name];
    decision.reason = keep.reason(node);
    if (!decision.reason.empty()) continue;
    require_finite(task.graph.value(node.input(static_cast<std::size_t>(input))));
    layers.emplace_back(&node, input);
  }
  std::vector<QParams> coded(layers.size());
  parallel_for(layers.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      throw_if_stopped(task.stop);
      const auto& [node, input] = layers[i];
      const Tensor& weight = task.graph.value(node->input(static_cast<std::size_t>(input))).initializer;
      const auto axis = find_op(*node)->weight_channel_axis(*node, static_cast<int>(weight.rank()));
      coded[i] = in_palette(weight, bits, scaled ? axis : std::nullopt);
    }
  });
  for (std::size_t i = 0; i < layers.size(); ++i)
    plan.nodes[layers[i].first->name].operands[layers[i].second] = std::move(coded[i]);
  return plan;
}

}  // namespace

Method palettize() {
  return {.name = "palettize",
          .says = "weights as codes of a table for each layer, found by exact clustering; float activations",
          .group = "ptq_4bit",
          .stage = Stage::Decide,
          .parameters = kParameters,
          .run = run};
}

}  // namespace bw
