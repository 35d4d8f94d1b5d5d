#include "graph/ops/op.h"

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "graph/ops/families.h"

namespace bw {

namespace {

auto key(const OpInfo& op) {
  return std::tie(op.domain, op.name);
}

std::vector<OpInfo> all_families() {
  std::vector<OpInfo> table;
  for (const std::span<const OpInfo> family :
       {elementwise_ops(), linear_ops(), pooling_ops(), reduction_ops(), normalization_ops(), moving_ops(),
        recurrent_ops(), attention_ops(), quantization_ops(), signal_ops(), container_ops(), classical_ops(),
        runtime_ops()})
    table.insert(table.end(), family.begin(), family.end());
  std::sort(table.begin(), table.end(), [](const OpInfo& a, const OpInfo& b) { return key(a) < key(b); });
  return table;
}

}  // namespace

std::span<const OpInfo> ops() {
  static const std::vector<OpInfo> table = all_families();
  return table;
}

const OpInfo* find_op(std::string_view op_type, std::string_view domain) {
  const std::span<const OpInfo> table = ops();
  const auto wanted = std::tie(domain, op_type);
  const auto found = std::lower_bound(table.begin(), table.end(), wanted,
                                      [](const OpInfo& op, const auto& name) { return key(op) < name; });
  return found != table.end() && key(*found) == wanted ? &*found : nullptr;
}

namespace {

template <class T, class Default>
T value_of(const Node& node, std::string_view name, std::int64_t opset,
           T (Node::*read)(std::string_view, Default) const) {
  using Stored = std::conditional_t<std::is_same_v<T, std::string>, std::string_view, T>;
  const OpInfo* op = find_op(node);
  const AttributeInfo* row = op ? op->attributes.find(name) : nullptr;
  const AttributeInfo::Default otherwise = row ? row->default_at(opset) : AttributeInfo::Default{};
  const Stored* value = std::get_if<Stored>(&otherwise);
  if (!value && !node.find(name))
    throw Error(InputClass::Semantic, "attribute '" + std::string(name) + "' is missing",
                "node '" + node.name + "' (" + node.op_type + ")");
  return (node.*read)(name, value ? *value : Stored{});
}

}  // namespace

std::int64_t int_of(const Node& node, std::string_view attribute, std::int64_t opset) {
  return value_of(node, attribute, opset, &Node::int_or);
}

float float_of(const Node& node, std::string_view attribute, std::int64_t opset) {
  return value_of(node, attribute, opset, &Node::float_or);
}

std::string string_of(const Node& node, std::string_view attribute, std::int64_t opset) {
  return value_of(node, attribute, opset, &Node::string_or);
}

namespace {

// Shapes and bytes of a list of values; false when something is not known.
bool measure(const Graph& graph, const std::vector<ValueId>& ids, std::vector<Shape>& shapes, std::uint64_t& bytes) {
  for (ValueId id : ids) {
    shapes.emplace_back();
    if (id == kNoValue) continue;
    const Value& value = graph.value(id);
    const std::optional<Shape> shape =
        value.initializer.defined() ? value.initializer.shape() : value.type.static_shape();
    const DType dtype = value.initializer.defined() ? value.initializer.dtype() : value.type.dtype;
    if (!shape || dtype == DType::Undefined) return false;
    shapes.back() = *shape;
    bytes += byte_size(dtype, element_count(*shape));
  }
  return true;
}

}  // namespace

Cost cost(const Graph& graph, const Node& node) {
  std::vector<Shape> inputs, outputs;
  Cost cost;
  if (!measure(graph, node.inputs, inputs, cost.bytes) || !measure(graph, node.outputs, outputs, cost.bytes)) return {};
  const OpInfo* op = find_op(node);
  if (op && op->multiply_accumulates) cost.multiply_accumulates = op->multiply_accumulates(node, inputs, outputs);
  return cost;
}

}  // namespace bw
