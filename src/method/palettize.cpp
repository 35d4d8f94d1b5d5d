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
#include "method/palette.h"
#include "method/placement.h"

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
      coded[i] = palette_params(weight, std::size_t{1} << bits, scaled ? axis : std::nullopt);
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
