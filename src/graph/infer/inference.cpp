#include "graph/infer/inference.h"

#include <algorithm>

#include "base/error.h"
#include "graph/infer/scope.h"
#include "graph/ops/op.h"

namespace bw {

std::int64_t Inference::opset() const {
  return scope_.opset(node_.domain);
}

const ValueType& Inference::input(std::size_t i) const {
  static const ValueType kUnknown;
  return has(i) ? scope_.type(node_.inputs[i]) : kUnknown;
}

DType Inference::dtype(std::size_t i) const {
  return input(i).is_tensor() ? input(i).dtype : DType::Undefined;
}

const Dims* Inference::shape(std::size_t i) const {
  const ValueType& type = input(i);
  return type.is_tensor() && type.shape ? &*type.shape : nullptr;
}

Tensor Inference::constant(std::size_t i) const {
  return has(i) ? scope_.constant(node_.inputs[i]) : Tensor{};
}

std::optional<Contents> Inference::contents(std::size_t i) const {
  return has(i) ? scope_.contents(node_.inputs[i]) : std::nullopt;
}

std::optional<Contents> Inference::elements(std::size_t i) const {
  if (auto known = contents(i)) return known;
  const Dims* length = shape(i);
  if (!length || length->size() != 1 || !length->front().known()) return std::nullopt;
  const auto count = static_cast<std::uint64_t>(length->front().value);
  if (count > kLongestContents) return std::nullopt;
  return Contents{std::vector<Extent>(static_cast<std::size_t>(count)), false};
}

std::optional<std::vector<std::int64_t>> Inference::integers(std::size_t i) const {
  const auto known = contents(i);
  if (!known) return std::nullopt;
  std::vector<std::int64_t> numbers;
  for (const Extent& extent : known->elements) {
    if (!extent.number) return std::nullopt;
    numbers.push_back(*extent.number);
  }
  return numbers;
}

std::optional<std::int64_t> Inference::integer(std::size_t i) const {
  const auto numbers = integers(i);
  return numbers && numbers->size() == 1 ? std::optional(numbers->front()) : std::nullopt;
}

std::int64_t Inference::attribute(std::string_view name) const {
  return int_of(node_, name, opset());
}

std::string Inference::text(std::string_view name) const {
  return string_of(node_, name);
}

std::vector<std::int64_t> Inference::list(std::string_view name) const {
  return node_.ints_or(name, {});
}

DType Inference::dtype_attribute(std::string_view name, DType otherwise) const {
  const std::int64_t number = node_.int_or(name, 0);
  if (number == 0) return otherwise;
  if (number < 0 || number > 255 || !is_known_dtype(static_cast<int>(number)))
    fail("attribute '" + std::string(name) + "' names no element type");
  return static_cast<DType>(number);
}

std::size_t Inference::axis(std::int64_t axis, std::size_t rank) const {
  const auto count = static_cast<std::int64_t>(rank);
  if (axis < -count || axis >= count)
    fail("axis " + std::to_string(axis) + " is outside of a tensor of rank " + std::to_string(rank));
  return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

std::vector<std::size_t> Inference::axes(const std::vector<std::int64_t>& axes, std::size_t rank) const {
  std::vector<bool> seen(rank, false);
  std::vector<std::size_t> result;
  for (const std::int64_t one : axes) {
    result.push_back(axis(one, rank));
    require(!seen[result.back()], "an axis is given twice");
    seen[result.back()] = true;
  }
  return result;
}

void Inference::output(std::size_t i, const ValueType& type) {
  if (node_.output(i) != kNoValue) scope_.found(node_.outputs[i], type);
}

void Inference::output(std::size_t i, DType dtype, std::optional<Dims> shape) {
  output(i, ValueType::tensor(dtype, std::move(shape)));
}

void Inference::contents_of_output(Contents contents) {
  if (node_.output(0) != kNoValue) scope_.keep(node_.outputs[0], std::move(contents));
}

void Inference::constant_of_output(const Tensor& content) {
  if (node_.output(0) != kNoValue) scope_.keep(node_.outputs[0], content);
}

std::vector<ValueType> Inference::body(std::string_view attribute, const std::vector<ValueType>& inputs) {
  for (Attribute& entry : node_.attributes)
    if (auto* graph = std::get_if<Subgraph>(&entry.data); graph && *graph && entry.name == attribute)
      return scope_.infer_inside(*graph, inputs);
  return {};
}

void Inference::fail(const std::string& what) const {
  throw Error(InputClass::Semantic, what,
              "node '" + node_.name.substr(0, 200) + "' (" + node_.op_type.substr(0, 200) + ")");
}

}  // namespace bw
