// Blocked integer weights, float activations (MatMulNBits), round to nearest.
#include <cmath>

#include "method/catalog.h"
#include "method/placement.h"

namespace bw {
namespace {

constexpr Parameter kParameters[] = {
    {.name = "bits", .type = Parameter::Type::Choice, .standard = "4", .says = "bits of a weight", .choices = "4|8"},
    {.name = "block", .type = Parameter::Type::Choice, .standard = "32", .says = "weights that share a scale",
     .choices = "16|32|64|128|256"},
    {.name = "symmetric", .type = Parameter::Type::Flag, .standard = "yes", .says = "no zero points"},
    {.name = "accuracy_level", .type = Parameter::Type::Choice, .standard = "4",
     .says = "4: activations quantized to int8 inside the kernel (fast); 1: float32", .choices = "0|1|4"},
    kKeepFloat,
};

std::string obstacle(const Graph& graph, const Node& node) {
  const ValueId weight = node.input(1);
  if (weight == kNoValue || !graph.is_constant(weight) || graph.value(weight).initializer.dtype() != DType::Float32)
    return "both operands are activations";
  if (graph.value(weight).initializer.rank() != 2) return "the weight is no matrix";
  if (node.is("Gemm") && (node.int_or("transA", 0) != 0 || node.float_or("alpha", 1) != 1 || node.float_or("beta", 1) != 1))
    return "it scales or transposes its operands";
  return "";
}

// Smallest, largest and largest-magnitude element of each block.
struct Extremes {
  float low = 0, high = 0, peak = 0;
  void add(float x) {
    low = std::min(low, x);
    high = std::max(high, x);
    if (std::abs(x) > std::abs(peak)) peak = x;
  }
};

// onnxruntime's rule: symmetric scales carry the sign that puts the largest weight on the lowest code; asymmetric ones
// span [min(low, 0), max(high, 0)].
ScaleZeroPoint block_parameters(const Extremes& block, int bits, bool symmetric) {
  const int middle = 1 << (bits - 1);
  if (symmetric) return {block.peak / static_cast<float>(-middle), middle};
  const float highest = static_cast<float>((1 << bits) - 1);
  const float scale = (block.high - block.low) / highest;
  const float zero_point = scale != 0 ? std::round(-block.low / scale) : 0.0f;
  return {scale, static_cast<std::int32_t>(std::clamp(zero_point, 0.0f, highest))};
}

QParams block_params(const Tensor& weight, const Scheme& scheme, int bits) {
  const std::span<const float> w = weight.data<float>();
  const std::int64_t rows = weight.shape()[0], columns = weight.shape()[1];
  const std::int64_t blocks = (weight.shape()[static_cast<std::size_t>(scheme.axis)] + scheme.block_size - 1) / scheme.block_size;
  std::vector<Extremes> extremes(static_cast<std::size_t>(blocks * (scheme.axis == 0 ? columns : rows)));
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c) {
      const std::int64_t at = scheme.axis == 0 ? r / scheme.block_size * columns + c : r * blocks + c / scheme.block_size;
      extremes[static_cast<std::size_t>(at)].add(w[static_cast<std::size_t>(r * columns + c)]);
    }
  QParams params{.scheme = scheme, .scales = {}, .zero_points = {}};
  for (const Extremes& block : extremes) {
    const ScaleZeroPoint pair = block_parameters(block, bits, scheme.symmetric);
    params.scales.push_back(pair.scale);
    params.zero_points.push_back(pair.zero_point);
  }
  return params;
}

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  const KeepFloat keep = parse_keep_float(arguments.text("keep_float"), task.graph);
  const int bits = static_cast<int>(arguments.integer("bits"));
  for (const Node& node : task.graph.nodes) {
    if (taken(plan, node) || !task.target.support(node).weight_only) continue;
    NodePlan& decision = plan.nodes[node.name];
    decision.reason = keep.nodes.contains(node.name) || keep.operators.contains(node.op_type) ? "kept in float as asked"
                                                                                                : obstacle(task.graph, node);
    if (!decision.reason.empty()) continue;
    decision.precision = Precision::WeightOnly;
    const Scheme scheme{.code = bits == 4 ? DType::UInt4 : DType::UInt8,
                        .granularity = Granularity::Block,
                        .axis = node.is("Gemm") && node.int_or("transB", 0) != 0 ? 1 : 0,
                        .block_size = arguments.integer("block"),
                        .symmetric = arguments.flag("symmetric")};
    decision.operands[1] = block_params(task.graph.value(node.input(1)).initializer, scheme, bits);
  }
  return plan;
}

LowerOptions lowering(const Arguments& arguments) {
  return {.form = IntegerForm::Qdq, .accuracy_level = static_cast<int>(arguments.integer("accuracy_level"))};
}

}  // namespace

Method weight_only() {
  return {.name = "weight-only",
          .says = "4- or 8-bit weights in blocks, float activations",
          .group = "ptq_4bit",
          .stage = Stage::Decide,
          .parameters = kParameters,
          .needs = needs_nothing,
          .run = run,
          .lowering = lowering};
}

}  // namespace bw
