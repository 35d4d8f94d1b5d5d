// int8 weights, activations quantized at run time: no calibration data needed. For products, LSTMs and large GRUs;
// convolutions have no fast kernel of this kind.
#include <fmt/format.h>

#include "graph/ops/op.h"
#include "method/catalog.h"
#include "method/embedding.h"
#include "method/logarithms.h"
#include "method/placement.h"

namespace bw {
namespace {

constexpr Parameter kParameters[] = {
    {.name = "per_channel",
     .type = Parameter::Type::Flag,
     .standard = "yes",
     .says = "one scale per output channel of a weight"},
    {.name = "reduced_range",
     .type = Parameter::Type::Flag,
     .standard = "no",
     .says = "7-bit weights, for CPUs without VNNI"},
    kEmbeddings,
    kKeepFloat,
};

bool is_recurrent(const Node& node) {
  return node.is("LSTM") || node.is("GRU");
}

Scheme weight_scheme(const Node& node, const Tensor& weight, bool per_channel, bool reduced) {
  Scheme scheme{.code = DType::Int8, .symmetric = true, .reduced_range = reduced};
  if (is_recurrent(node)) {  // [directions, gates*hidden, in]: a scale for each row, or for each direction
    scheme.granularity = per_channel ? Granularity::Block : Granularity::Channel;
    scheme.axis = per_channel ? 2 : 0;
    scheme.block_size = per_channel ? weight.shape()[2] : 0;
    return scheme;
  }
  if (!per_channel) return scheme;
  scheme.granularity = Granularity::Channel;
  scheme.axis = find_op(node)->weight_channel_axis(node, static_cast<int>(weight.rank())).value_or(1);
  return scheme;
}

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  KeepFloat keep(task, arguments);
  keep_logarithms(task.graph, keep);
  const bool per_channel = arguments.flag("per_channel"), reduced = arguments.flag("reduced_range");
  for (const Node& node : task.graph.nodes) {
    const OperatorSupport& support = task.target.support(node);
    if (!support.dynamic && support.integer != IntegerKernel::Weighted) continue;
    NodePlan& decision = plan.nodes[node.name];
    decision.reason = keep.reason(node);
    if (!decision.reason.empty()) continue;
    if (!support.dynamic)
      decision.reason = fmt::format("{} has no fast dynamic kernel", node.op_type);
    else
      decision.reason = task.target.obstacle(task.graph, node);
    if (!decision.reason.empty()) continue;
    decision.compute = Precision::Dynamic;
    for (int position = 1; position <= (is_recurrent(node) ? 2 : 1); ++position) {
      const Tensor& weight = task.graph.value(node.input(static_cast<std::size_t>(position))).initializer;
      decision.operands[position] = params_of_constant(weight, weight_scheme(node, weight, per_channel, reduced));
    }
  }
  if (arguments.flag("embeddings")) code_embeddings(task, keep, 8, plan);
  return plan;
}

constexpr std::string_view kUsual[] = {"int8-dynamic"};

}  // namespace

Method int8_dynamic() {
  return {.name = "int8-dynamic",
          .says = "int8 weights, activations quantized while running; needs no data",
          .group = "dynamic",
          .stage = Stage::Decide,
          .parameters = kParameters,
          .run = run,
          .usual = kUsual};
}

}  // namespace bw
