#include <fmt/format.h>

#include "base/error.h"
#include "graph/ops/constant.h"
#include "graph/verify_parts.h"
#include "tensor/convert.h"

namespace bw {
namespace {

constexpr std::size_t kMaxIntegers = 4096;
constexpr int kMaxIdentities = 16;

}  // namespace

const Node* Site::producer(ValueId id) const {
  if (id == kNoValue) return nullptr;
  const NodeId from = producer_[static_cast<std::size_t>(id)];
  return from == kNoNode ? nullptr : &graph_.node(from);
}

Tensor Site::constant(std::size_t input) const {
  return constant_of(node_->input(input));
}

Tensor Site::constant_of(ValueId id) const {
  for (int i = 0; i < kMaxIdentities && id != kNoValue; ++i) {
    if (graph_.value(id).initializer.defined()) return graph_.value(id).initializer;
    const Node* from = producer(id);
    if (from && from->is("Constant")) return content_of(*from);
    if (!from || !from->is("Identity")) return {};
    id = from->input(0);
  }
  return {};
}

std::optional<std::vector<std::int64_t>> Site::integers(std::size_t input) const {
  const Tensor tensor = constant(input);
  if (!tensor.defined() || tensor.dtype() == DType::String || !info(tensor.dtype()).is_integer ||
      tensor.size() > kMaxIntegers)
    return std::nullopt;
  return to_int64s(tensor);
}

std::optional<std::vector<Dim>> Site::shape(std::size_t input) const {
  if (const Tensor tensor = constant(input); tensor.defined())
    return ValueType::tensor(tensor.dtype(), tensor.shape()).shape;
  const ValueId id = node_->input(input);
  if (id == kNoValue || !graph_.value(id).type.is_tensor()) return std::nullopt;
  return graph_.value(id).type.shape;
}

std::optional<Shape> Site::static_shape(std::size_t input) const {
  return ValueType::tensor(DType::Undefined, shape(input)).static_shape();
}

DType Site::dtype(std::size_t input) const {
  if (const Tensor tensor = constant(input); tensor.defined()) return tensor.dtype();
  const ValueId id = node_->input(input);
  return id == kNoValue ? DType::Undefined : graph_.value(id).type.dtype;
}

void Site::refuse(std::string what, InputClass input_class) const {
  throw Error(input_class, std::move(what),
              fmt::format("node '{}' ({})", node_->name.substr(0, 200), node_->op_type.substr(0, 200)));
}

void Site::require_within(std::string_view attribute, std::int64_t value, std::int64_t least, std::int64_t most) const {
  if (value < least || value > most)
    refuse(fmt::format("attribute '{}' is {}, outside of {} to {}", attribute, value, least, most));
}

void Site::require_bytes(const std::vector<std::int64_t>& dims, DType dtype) const {
  // Most values are floats; strings and values of unknown type count as such.
  const bool sized = dtype != DType::Undefined && dtype != DType::String;
  const auto bits = static_cast<std::uint64_t>(sized ? info(dtype).bits : 32);
  const std::uint64_t limit = limits_.computed_bytes * 8 / bits;
  std::uint64_t elements = 1;
  bool empty = false;
  for (const std::int64_t dim : dims) {
    empty |= dim == 0;
    const auto extent = static_cast<std::uint64_t>(std::max<std::int64_t>(dim, 1));
    elements = extent > limit / elements ? limit + 1 : elements * extent;
    if (elements > limit) break;
  }
  if (!empty && elements > limit)
    refuse(fmt::format("makes a value of {}, above the limit of {} bytes", to_string(dims), limits_.computed_bytes),
           InputClass::Limit);
}

}  // namespace bw
