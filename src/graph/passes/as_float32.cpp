// Precision as a way of storing: values of float16 and bfloat16, and of float64 where weights are, become float32, so
// that methods work on what the numbers mean (up to float rounding). The graph's inputs and outputs keep their types.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "graph/links.h"
#include "graph/ops/op.h"
#include "graph/passes/list.h"
#include "graph/rewriter.h"
#include "tensor/convert.h"

namespace bw {

namespace {

using Types = std::set<DType>;

bool holds(const Types& types, const Graph& graph, ValueId id) {
  return id != kNoValue && graph.value(id).type.is_tensor() && types.contains(graph.value(id).type.dtype);
}

// Doubles that only count or sum up in a network of floats are meant to be exact.
bool has_double_weights(const Graph& graph) {
  return std::ranges::any_of(graph.nodes, [&](const Node& node) {
    const OpInfo* op = find_op(node);
    if (op == nullptr || op->weight_input < 0) return false;
    const ValueId weight = node.input(static_cast<std::size_t>(op->weight_input));
    return weight != kNoValue && graph.is_constant(weight) && graph.value(weight).initializer.dtype() == DType::Float64;
  });
}

// Whether there is one beside the graph's inputs and outputs.
bool has_inside(const Graph& graph, const Types& types) {
  std::vector<bool> port(graph.values.size(), false);
  for (const std::vector<ValueId>* list : {&graph.inputs, &graph.outputs})
    for (const ValueId id : *list) port[static_cast<std::size_t>(id)] = true;
  for (std::size_t i = 0; i < graph.values.size(); ++i) {
    const Value& value = graph.values[i];
    if (!port[i] && types.contains(value.initializer.defined() ? value.initializer.dtype() : value.type.dtype))
      return true;
  }
  return false;
}

// Attributes that name an element type.
constexpr std::array<std::string_view, 4> kTypeAttributes{"to", "dtype", "output_dtype", "output_datatype"};

ValueType as_float32(ValueType type, const Types& types) {
  if (types.contains(type.dtype)) type.dtype = DType::Float32;
  if (type.element) type.element = std::make_shared<const ValueType>(as_float32(*type.element, types));
  return type;
}

void change_attributes(Node& node, const Types& types) {
  for (Attribute& attribute : node.attributes) {
    auto* number = std::get_if<std::int64_t>(&attribute.data);
    const bool names_type = std::ranges::find(kTypeAttributes, attribute.name) != kTypeAttributes.end();
    if (number != nullptr && names_type && is_known_dtype(static_cast<int>(*number)) &&
        types.contains(static_cast<DType>(*number)))
      *number = static_cast<std::int64_t>(DType::Float32);
    if (auto* tensor = std::get_if<Tensor>(&attribute.data); tensor != nullptr && types.contains(tensor->dtype()))
      *tensor = cast(*tensor, DType::Float32);
    if (auto* type = std::get_if<ValueType>(&attribute.data)) *type = as_float32(*type, types);
  }
}

// Everything in the graph; the types of its inputs and outputs are for the caller to put right.
void change_all(Graph& graph, const Types& types) {
  for (Value& value : graph.values) {
    value.type = as_float32(value.type, types);
    if (value.initializer.defined() && types.contains(value.initializer.dtype()))
      value.initializer = cast(value.initializer, DType::Float32);
  }
  for (Node& node : graph.nodes) {
    change_attributes(node, types);
    for_each_subgraph(node, [&](Subgraph& subgraph) {
      Graph copy = *subgraph;
      change_all(copy, types);
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

bool as_float32(Graph& graph) {
  Types types{DType::Float16, DType::BFloat16};
  if (has_double_weights(graph)) types.insert(DType::Float64);
  if (!has_inside(graph, types)) return false;
  std::map<ValueId, DType> ports;
  for (const std::vector<ValueId>* list : {&graph.inputs, &graph.outputs})
    for (const ValueId id : *list)
      if (holds(types, graph, id)) ports.emplace(id, graph.value(id).type.dtype);
  const std::vector<ValueId> inputs = graph.inputs;
  change_all(graph, types);
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
