#include "bench/cost.h"

#include "format/onnx/onnx.h"

namespace bw {
namespace {

std::uint64_t bits_of(const Graph& graph, const Plan& plan, const Node& node, std::size_t input) {
  const Value& value = graph.value(node.inputs[input]);
  if (const auto coded = plan.values.find(value.name); coded != plan.values.end())
    return static_cast<std::uint64_t>(info(coded->second.scheme.code).bits);
  if (const auto decision = plan.nodes.find(node.name); decision != plan.nodes.end())
    if (const auto operand = decision->second.operands.find(static_cast<int>(input));
        operand != decision->second.operands.end())
      return static_cast<std::uint64_t>(info(operand->second.scheme.code).bits);
  return static_cast<std::uint64_t>(info(value.type.dtype).bits);
}

std::uint64_t elements(const Graph& graph, ValueId id) {
  const auto shape = graph.value(id).type.static_shape();
  return shape ? element_count(*shape) : 0;
}

}  // namespace

Graph with_input_shapes(const Graph& graph, std::span<const Shape> shapes) {
  Graph concrete = graph;
  std::size_t next = 0;
  for (const ValueId input : concrete.inputs) {
    Value& value = concrete.value(input);
    if (value.initializer || next == shapes.size()) continue;
    value.type = ValueType::tensor(value.type.dtype, shapes[next++]);
  }
  // What was inferred from symbols says less than what follows from numbers.
  for (const Node& node : concrete.nodes)
    for (const ValueId output : node.outputs)
      if (output != kNoValue && !concrete.is_output(output)) concrete.value(output).type = {};
  onnx::infer_types(concrete);
  return concrete;
}

Cost run_cost(const Graph& concrete, const Plan& plan) {
  Cost total;
  for (const Node& node : concrete.nodes) {
    total.multiply_accumulates += cost(concrete, node).multiply_accumulates;
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      if (node.inputs[i] != kNoValue)
        total.bytes += elements(concrete, node.inputs[i]) * bits_of(concrete, plan, node, i) / 8;
    for (const ValueId output : node.outputs) {
      if (output == kNoValue) continue;
      const Value& value = concrete.value(output);
      const auto coded = plan.values.find(value.name);
      const int bits = info(coded == plan.values.end() ? value.type.dtype : coded->second.scheme.code).bits;
      total.bytes += elements(concrete, output) * static_cast<std::uint64_t>(bits) / 8;
    }
  }
  return total;
}

}  // namespace bw
