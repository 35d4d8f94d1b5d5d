// binary16 for every node that can: half the size; constants that do not fit are counted and said.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "method/catalog.h"
#include "method/placement.h"

namespace bw {
namespace {

constexpr Parameter kParameters[] = {kKeepFloat};

// Operators whose float32 operands are not data (scales, sizes), whose result type an attribute fixes, that only exist
// in float32, or that carry subgraphs.
constexpr std::array kFloatOnly = std::to_array<std::string_view>({"Resize",
                                                                   "Upsample",
                                                                   "RandomNormal",
                                                                   "RandomUniform",
                                                                   "RandomNormalLike",
                                                                   "RandomUniformLike",
                                                                   "ConstantOfShape",
                                                                   "QuantizeLinear",
                                                                   "DequantizeLinear",
                                                                   "DynamicQuantizeLinear",
                                                                   "QLinearConv",
                                                                   "QLinearMatMul",
                                                                   "MatMulInteger",
                                                                   "ConvInteger",
                                                                   "If",
                                                                   "Loop",
                                                                   "Scan",
                                                                   "SequenceConstruct",
                                                                   "SequenceAt",
                                                                   "Optional",
                                                                   "NonMaxSuppression",
                                                                   "RoiAlign"});

bool touches_float32(const Graph& graph, const Node& node) {
  const auto is_float32 = [&](ValueId id) { return id != kNoValue && graph.value(id).type.dtype == DType::Float32; };
  return std::any_of(node.inputs.begin(), node.inputs.end(), is_float32) ||
         std::any_of(node.outputs.begin(), node.outputs.end(), is_float32);
}

std::string obstacle(const Graph& graph, const Node& node, const KeepFloat& keep) {
  if (std::string reason = keep.reason(node); !reason.empty()) return reason;
  if (!node.domain.empty()) return "not an ONNX operator";
  if (std::find(kFloatOnly.begin(), kFloatOnly.end(), node.op_type) != kFloatOnly.end()) return "has no float16 form";
  for (const ValueId id : node.inputs)
    if (id != kNoValue && !graph.value(id).type.is_tensor()) return "an input's type is not known";
  return "";
}

struct Losses {
  std::size_t overflow = 0, underflow = 0;
};

Losses losses(std::span<const float> values) {
  constexpr float kLargest = 65504.0f, kSmallest = 5.9604645e-8f;  // of binary16, subnormals included
  Losses count;
  for (const float value : values) {
    count.overflow += std::abs(value) > kLargest;
    count.underflow += value != 0 && std::abs(value) < kSmallest / 2;
  }
  return count;
}

void note_losses(const Task& task, const std::set<ValueId>& constants, Plan& plan) {
  for (const ValueId id : constants) {
    const Losses count = losses(task.graph.value(id).initializer.data<float>());
    if (count.overflow != 0)
      plan.notes.push_back(fmt::format("{} values of '{}' are too large for float16 and become infinite",
                                       count.overflow, task.graph.value(id).name));
    if (count.underflow != 0)
      plan.notes.push_back(fmt::format("{} values of '{}' are too small for float16 and become zero", count.underflow,
                                       task.graph.value(id).name));
  }
}

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  const KeepFloat keep(task, arguments);
  std::set<ValueId> constants;
  for (const Node& node : task.graph.nodes) {
    if (!touches_float32(task.graph, node)) continue;
    NodePlan& decision = plan.nodes[node.name];
    decision.reason = obstacle(task.graph, node, keep);
    if (!decision.reason.empty()) continue;
    decision.precision = Precision::Float16;
    for (const ValueId id : node.inputs)
      if (id != kNoValue && task.graph.is_constant(id) && task.graph.value(id).initializer.dtype() == DType::Float32)
        constants.insert(id);
  }
  note_losses(task, constants, plan);
  return plan;
}

}  // namespace

Method fp16() {
  return {.name = "fp16",
          .says = "half precision for every operator that has it",
          .group = "half",
          .stage = Stage::Decide,
          .parameters = kParameters,
          .run = run};
}

}  // namespace bw
