#include <fmt/format.h>

#include "base/error.h"
#include "plan/apply_steps.h"
#include "plan/plan.h"

namespace bw {
namespace {

template <class Map>
void require_names(const Map& wanted, const std::map<std::string, std::int32_t>& known, const char* what) {
  for (const auto& [name, unused] : wanted)
    if (!known.contains(name))
      throw Error(ErrorKind::Quantization,
                  fmt::format("the plan names {} '{}', which the graph does not have", what, name));
}

void replace_constants(Graph& graph, const Plan& plan, const std::map<std::string, ValueId>& values) {
  for (const auto& [name, tensor] : plan.replaced) {
    Value& value = graph.value(values.at(name));
    if (!value.initializer)
      throw Error(ErrorKind::Quantization, fmt::format("the plan replaces '{}', which is not a constant", name));
    value.initializer = tensor;
    value.type = ValueType::tensor(tensor.dtype(), tensor.shape());
  }
}

}  // namespace

std::string_view name_of(Precision precision) {
  constexpr std::string_view kNames[] = {"float32", "float16", "bfloat16", "integer", "dynamic", "weight-only"};
  return kNames[static_cast<std::size_t>(precision)];
}

Graph apply(const Graph& graph, const Plan& plan) {
  std::map<std::string, ValueId> values;
  std::map<std::string, NodeId> nodes;
  for (std::size_t i = 0; i < graph.values.size(); ++i) values.emplace(graph.values[i].name, static_cast<ValueId>(i));
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) nodes.emplace(graph.nodes[i].name, static_cast<NodeId>(i));
  require_names(plan.values, values, "value");
  require_names(plan.replaced, values, "constant");
  require_names(plan.nodes, nodes, "node");

  Graph result = graph;
  replace_constants(result, plan, values);
  Rewriter rewriter(result);
  encode_operands(rewriter, plan);
  quantize_activations(rewriter, plan);
  quantize_dynamically(rewriter, plan);
  narrow_to_float16(rewriter, plan);
  rewriter.finish();
  return result;
}

}  // namespace bw
