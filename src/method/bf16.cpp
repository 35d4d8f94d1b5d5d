// bfloat16 as a storage format: half the size of the weights, computed in float32 where the runtime has no kernels.
#include <fmt/format.h>

#include <algorithm>

#include "method/catalog.h"
#include "method/placement.h"
#include "method/stored.h"

namespace bw {
namespace {

constexpr Parameter kParameters[] = {
    kKeepFloat,
    {.name = "min_size",
     .type = Parameter::Type::Integer,
     .standard = "1024",
     .says = "constants with fewer elements stay float32",
     .low = 1,
     .high = 1e9},
};

bool has_float_constant(const Graph& graph, const Node& node) {
  return std::ranges::any_of(node.inputs, [&](ValueId id) {
    return id != kNoValue && graph.is_constant(id) && graph.value(id).initializer.dtype() == DType::Float32;
  });
}

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  const KeepFloat keep(task, arguments);
  const auto least = static_cast<std::size_t>(arguments.integer("min_size"));
  const std::set<std::string> halves = stored_in_half(task);
  for (const Node& node : task.graph.nodes) {
    if (std::string reason = keep.reason(node); !reason.empty()) {
      if (has_float_constant(task.graph, node)) plan.nodes[node.name].reason = std::move(reason);
      continue;
    }
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      if (id == kNoValue || !task.graph.is_constant(id)) continue;
      const Tensor& tensor = task.graph.value(id).initializer;
      if (tensor.dtype() != DType::Float32) continue;
      NodePlan& decision = plan.nodes[node.name];
      const bool half = halves.contains(task.graph.value(id).name);
      if (half || tensor.size() < least) {
        if (decision.operands.empty())
          decision.reason = half ? "its weights have 16 bits already"
                                 : fmt::format("its constants have fewer than {} elements (min_size)", least);
        continue;
      }
      decision.reason.clear();
      decision.operands[static_cast<int>(i)] =
          QParams{.scheme = {.code = DType::BFloat16}, .scales = {}, .zero_points = {}};
    }
  }
  plan.notes.push_back(fmt::format("bfloat16 is how the weights are stored; {} computes in float32", task.target.name));
  return plan;
}

constexpr std::string_view kUsual[] = {"bf16"};

}  // namespace

Method bf16() {
  return {.name = "bf16",
          .says = "weights stored as bfloat16, computed in float32",
          .group = "half",
          .stage = Stage::Decide,
          .parameters = kParameters,
          .run = run,
          .usual = kUsual};
}

}  // namespace bw
