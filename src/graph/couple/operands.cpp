#include "graph/couple/operands.h"

#include <utility>

#include "graph/ops/op.h"
#include "tensor/convert.h"

namespace bw {

namespace {

const std::vector<Dim>* shape_of(const Graph& graph, ValueId id) {
  if (id == kNoValue) return nullptr;
  const ValueType& type = graph.value(id).type;
  return type.is_tensor() && type.shape ? &*type.shape : nullptr;
}

}  // namespace

std::int64_t Operands::attribute(std::string_view name) const {
  return int_of(node_, name, opset());
}

const std::vector<Dim>* Operands::input(int i) const {
  return shape_of(graph_, node_.input(static_cast<std::size_t>(i)));
}

const std::vector<Dim>* Operands::output(int i) const {
  return shape_of(graph_, node_.output(static_cast<std::size_t>(i)));
}

std::optional<std::vector<std::int64_t>> Operands::integers(int input) const {
  const ValueId id = node_.input(static_cast<std::size_t>(input));
  const Tensor& tensor = graph_.value(id).initializer;
  if (!graph_.is_constant(id) || !tensor.defined() || tensor.dtype() == DType::String ||
      !info(tensor.dtype()).is_integer || tensor.rank() > 1 || tensor.size() > 64)
    return std::nullopt;
  return to_int64s(tensor);
}

const std::vector<Dim>* Operands::shape(const OperandAxis& axis) const {
  return axis.is_output ? output(axis.operand) : input(axis.operand);
}

std::int64_t Operands::extent(const OperandAxis& axis) const {
  const std::vector<Dim>* dims = shape(axis);
  if (!dims) return -1;
  const int rank = static_cast<int>(dims->size()), at = axis.axis < 0 ? axis.axis + rank : axis.axis;
  return at < 0 || at >= rank ? -1 : (*dims)[static_cast<std::size_t>(at)].value;
}

// Counts the axis from the front; false where there is none.
bool Operands::from_front(OperandAxis& axis) const {
  const std::vector<Dim>* dims = shape(axis);
  if (!dims) return false;
  const int rank = static_cast<int>(dims->size());
  if (axis.axis < 0) axis.axis += rank;
  return axis.axis >= 0 && axis.axis < rank;
}

void Operands::tie(Tie tie, OperandAxis a, OperandAxis b, std::int64_t outer, std::int64_t inner) {
  if (!from_front(a) || !from_front(b) || outer < 1 || inner < 1) return;
  const std::int64_t n = extent(a), m = extent(b);
  if (n == 1 || m == 1 || (n >= 0 && m >= 0 && (m / outer / inner != n || m % (outer * inner) != 0))) return;
  found.push_back({.tie = tie, .a = a, .b = b, .outer = outer, .inner = inner});
}

void Operands::tie_part(OperandAxis part, OperandAxis whole, std::int64_t offset) {
  if (offset < 0 || !from_front(part) || !from_front(whole)) return;
  found.push_back({.tie = Tie::Each, .a = part, .b = whole, .offset = offset});
}

void Operands::tie_groups(OperandAxis input, OperandAxis output, std::int64_t groups) {
  if (groups > 1) found.push_back({.tie = Tie::Grouped, .a = input, .b = output, .groups = groups});
}

void Operands::tie_aligned(int input_index, int output_index) {
  const std::vector<Dim>*from = input(input_index), *to = output(output_index);
  if (!from || !to || from->size() > to->size()) return;
  const std::size_t ahead = to->size() - from->size();
  for (std::size_t i = 0; i < from->size(); ++i) {
    const Dim &have = (*from)[i], &made = (*to)[i + ahead];
    const bool same = have == made && (have.known() || !have.symbol.empty());
    if (same || (!made.known() && have.value > 1))
      tie(Tie::Each, in(input_index, static_cast<int>(i)), out(output_index, static_cast<int>(i + ahead)));
  }
}

std::vector<std::int64_t> Coupling::slices(std::int64_t c, std::int64_t n) const {
  std::vector<std::int64_t> all;
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t r = 0; r < inner; ++r) all.push_back(offset + (o * n + c) * inner + r);
  return all;
}

std::vector<Coupling> couplings(const Graph& graph, const Node& node) {
  const OpInfo* op = find_op(node);
  if (!op || !op->couple) return {};
  Operands operands(graph, node);
  op->couple(operands);
  return std::move(operands.found);
}

}  // namespace bw
