#include "target/target.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/names.h"
#include "base/parameter.h"
#include "graph/ops/op.h"
#include "target/catalog.h"
#include "target/obstacles.h"

namespace bw {

const OperatorSupport& Target::support(const Node& node) const {
  static constexpr OperatorSupport kNothing{};
  if (!node.domain.empty()) return kNothing;
  for (const OperatorSupport& row : operators)
    if (row.op == node.op_type) return row;
  return kNothing;
}

std::string Target::obstacle(const Graph& graph, const Node& node) const {
  if (const auto own = support(node).obstacle) return own(graph, node);
  const OpInfo* op = find_op(node);
  return op == nullptr || op->weight_input < 0
             ? "it has no weight"
             : weight_obstacle(graph, node, static_cast<std::size_t>(op->weight_input));
}

const AddedBias* Target::added_bias(const Node& product) const {
  const auto found = std::ranges::find_if(added_biases, [&](const AddedBias& row) { return product.is(row.product); });
  return found == added_biases.end() ? nullptr : &*found;
}

namespace {

// The version of an operator that a graph of this opset means; nullptr when there is none.
const ElementTypes* version_of(std::span<const ElementTypes> rows, const Node& node, std::int64_t opset) {
  const ElementTypes* found = nullptr;
  for (const ElementTypes& row : rows)
    if (row.op == node.op_type && row.since <= opset) found = &row;
  return found;
}

std::string_view name_at(std::string_view operands, std::size_t position) {
  const std::vector<std::string_view> names = split(operands, ' ');
  return names.empty() ? "-" : names[std::min(position, names.size() - 1)];
}

// Whether "T = float32 float16; U = float32" lists a type for a name.
bool lists(std::string_view types, std::string_view name, std::string_view type) {
  for (const std::string_view group : split(types, ';')) {
    const std::vector<std::string_view> words = split(group.substr(group.find_first_not_of(' ')), ' ');
    if (words.front() == name) return std::find(words.begin() + 2, words.end(), type) != words.end();
  }
  return false;
}

}  // namespace

bool Target::takes(DType dtype, const Node& node, Operand operand, std::int64_t opset) const {
  if (!node.domain.empty()) return false;
  const ElementTypes* row = version_of(element_types, node, opset);
  if (row == nullptr) return false;
  if (!row->unless.empty() && node.find(row->unless) != nullptr) return dtype == DType::Float32;
  const std::string_view operands = operand.side == Operand::Side::In ? row->inputs : row->outputs;
  const std::string_view name = name_at(operands, operand.position), type = name_of(dtype);
  return name == type || lists(row->types, name, type);
}

Artifact built(const Graph& prepared, const Plan& plan) {
  try {
    const Target& target = target_named(plan.target);
    return target.lower(apply(prepared, plan), Arguments(target.name, target.parameters, plan.lowering));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Usage) throw;  // the plan's words, not the command line's
    throw Error(ErrorKind::Quantization, fmt::format("the plan cannot be carried out: {}", error.message()), "",
                "Make a new plan with 'bitwright quantize'");
  }
}

std::span<const Target> targets() {
  static const std::vector<Target> kTargets{onnxruntime_cpu()};
  return kTargets;
}

const Target& target_named(std::string_view name) {
  for (const Target& target : targets())
    if (target.hardware_target == name) return target;
  return entry_named("target", name, targets());
}

}  // namespace bw
