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

}  // namespace

std::string_view name_of(Precision precision) {
  constexpr std::string_view kNames[] = {"float32", "float16", "integer", "dynamic"};
  return kNames[static_cast<std::size_t>(precision)];
}

Graph apply(const Graph& graph, const Plan& plan) {
  Graph result = edited(graph, plan.edits);
  std::map<std::string, ValueId> values;
  std::map<std::string, NodeId> nodes;
  for (std::size_t i = 0; i < result.values.size(); ++i) values.emplace(result.values[i].name, static_cast<ValueId>(i));
  for (std::size_t i = 0; i < result.nodes.size(); ++i) nodes.emplace(result.nodes[i].name, static_cast<NodeId>(i));
  require_names(plan.values, values, "value");
  require_names(plan.nodes, nodes, "node");
  Rewriter rewriter(result);
  encode_operands(rewriter, plan);
  quantize_activations(rewriter, plan);
  quantize_dynamically(rewriter, plan);
  narrow_to_float16(rewriter, plan);
  rewriter.finish();
  return result;
}

}  // namespace bw
