#include "graph/ops/op.h"

#include <algorithm>
#include <tuple>

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
        recurrent_ops(), attention_ops(), quantization_ops(), signal_ops(), container_ops()})
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
