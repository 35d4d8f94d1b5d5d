// Half precision as a way of storing: values of float16 and bfloat16 become float32, so that methods work on what the
// numbers mean (up to float rounding). The graph's inputs and outputs keep their types.
#include <algorithm>
#include <array>
#include <map>

#include "graph/links.h"
#include "graph/passes/list.h"
#include "graph/rewriter.h"
#include "tensor/convert.h"

namespace bw {

namespace {

bool is_half(DType dtype) {
  return dtype == DType::Float16 || dtype == DType::BFloat16;
}

bool is_half(const Graph& graph, ValueId id) {
  return id != kNoValue && graph.value(id).type.is_tensor() && is_half(graph.value(id).type.dtype);
}

bool has_halves(const Graph& graph) {
  const auto in_values = [](const Value& value) {
    return is_half(value.initializer.defined() ? value.initializer.dtype() : value.type.dtype) && !value.name.empty();
  };
  const auto inside = [&](ValueId id) { return !graph.is_input(id) && !graph.is_output(id); };
  for (std::size_t i = 0; i < graph.values.size(); ++i)
    if (in_values(graph.values[i]) && inside(static_cast<ValueId>(i))) return true;
  return false;
}

// Attributes that name an element type.
constexpr std::array<std::string_view, 3> kTypeAttributes{"to", "dtype", "output_dtype"};

void widen_attributes(Node& node) {
  for (Attribute& attribute : node.attributes) {
    auto* number = std::get_if<std::int64_t>(&attribute.data);
    const bool names_type =
        std::find(kTypeAttributes.begin(), kTypeAttributes.end(), attribute.name) != kTypeAttributes.end();
    if (number != nullptr && names_type && is_known_dtype(static_cast<int>(*number)) &&
        is_half(static_cast<DType>(*number)))
      *number = static_cast<std::int64_t>(DType::Float32);
    if (auto* tensor = std::get_if<Tensor>(&attribute.data); tensor != nullptr && is_half(tensor->dtype()))
      *tensor = cast(*tensor, DType::Float32);
  }
}

ValueType widened(ValueType type) {
  if (is_half(type.dtype)) type.dtype = DType::Float32;
  if (type.element) type.element = std::make_shared<const ValueType>(widened(*type.element));
  return type;
}

// Everything in the graph but the types of its inputs and outputs, which the caller puts right.
void widen_all(Graph& graph) {
  for (Value& value : graph.values) {
    value.type = widened(value.type);
    if (value.initializer.defined() && is_half(value.initializer.dtype()))
      value.initializer = cast(value.initializer, DType::Float32);
  }
  for (Node& node : graph.nodes) {
    widen_attributes(node);
    for_each_subgraph(node, [](Subgraph& subgraph) {
      Graph copy = *subgraph;
      widen_all(copy);
      subgraph = std::make_shared<const Graph>(std::move(copy));
    });
  }
}

ValueId cast_of(Rewriter& rewriter, ValueId value, DType to, const std::string& name) {
  ValueType type = rewriter.graph().value(value).type;
  type.dtype = to;
  return rewriter.add_op("Cast", {value}, {{"to", static_cast<std::int64_t>(to), {}}}, name, type);
}

}  // namespace

bool widen_halves(Graph& graph) {
  if (!has_halves(graph)) return false;
  std::map<ValueId, DType> ports;
  for (const std::vector<ValueId>* list : {&graph.inputs, &graph.outputs})
    for (const ValueId id : *list)
      if (is_half(graph, id)) ports.emplace(id, graph.value(id).type.dtype);
  const std::vector<ValueId> inputs = graph.inputs;
  widen_all(graph);
  Rewriter rewriter(graph);
  for (const auto& [id, dtype] : ports) {
    const bool input = std::find(inputs.begin(), inputs.end(), id) != inputs.end();
    const std::string name = graph.value(id).name;
    ValueType type = graph.value(id).type;
    type.dtype = dtype;
    const ValueId crossed = cast_of(rewriter, id, input ? DType::Float32 : dtype, name + "_cast");
    const NodeId caster = rewriter.producer(crossed);
    if (input)
      rewriter.replace_uses(id, crossed, std::span(&caster, 1));
    else
      rewriter.take_over_output(id, crossed);
    rewriter.set_type(input ? id : crossed, type);
  }
  rewriter.finish();
  return true;
}

}  // namespace bw
