#include "graph/graph.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "graph/text/literals.h"

namespace bw {

ValueType ValueType::tensor(DType dtype, std::optional<std::vector<Dim>> shape) {
  ValueType type;
  type.kind = Kind::Tensor;
  type.dtype = dtype;
  type.shape = std::move(shape);
  return type;
}

ValueType ValueType::tensor(DType dtype, const Shape& shape) {
  std::vector<Dim> dims;
  for (std::int64_t extent : shape) dims.push_back({extent, {}});
  return tensor(dtype, std::move(dims));
}

std::optional<Shape> ValueType::static_shape() const {
  if (!is_tensor() || !shape) return std::nullopt;
  Shape extents;
  for (const Dim& dim : *shape) {
    if (!dim.known()) return std::nullopt;
    extents.push_back(dim.value);
  }
  return extents;
}

bool operator==(const ValueType& a, const ValueType& b) {
  if (a.kind != b.kind || a.dtype != b.dtype || a.shape != b.shape) return false;
  if (!a.element || !b.element) return a.element == b.element;
  return *a.element == *b.element;
}

namespace {

bool is_plain_word(std::string_view text) {
  return !text.empty() && (std::isalpha(static_cast<unsigned char>(text[0])) || text[0] == '_') &&
         std::all_of(text.begin(), text.end(), is_name_char);
}

std::string dim_text(const Dim& dim) {
  if (dim.known()) return std::to_string(dim.value);
  if (dim.symbol.empty()) return "?";
  return is_plain_word(dim.symbol) ? dim.symbol : quote(dim.symbol);
}

std::string shape_text(const std::vector<Dim>& shape) {
  std::string text = "[";
  for (const Dim& dim : shape) {
    if (text.size() > 1) text += ',';
    text += dim_text(dim);
  }
  return text + "]";
}

}  // namespace

std::string to_string(const ValueType& type) {
  using Kind = ValueType::Kind;
  const std::string element = type.element ? to_string(*type.element) : "?";
  switch (type.kind) {
    case Kind::Unknown:
      return "?";
    case Kind::Sequence:
      return "sequence(" + element + ")";
    case Kind::Optional:
      return "optional(" + element + ")";
    case Kind::Map:
      return "map(" + std::string(name_of(type.dtype)) + ", " + element + ")";
    case Kind::Tensor:
    case Kind::SparseTensor:
      break;
  }
  return (type.kind == Kind::SparseTensor ? "sparse " : "") + std::string(name_of(type.dtype)) +
         (type.shape ? shape_text(*type.shape) : "");
}

namespace {

template <class T>
T value_or(const Node& node, std::string_view name, T otherwise, std::string_view kind) {
  const Attribute* attribute = node.find(name);
  if (!attribute) return otherwise;
  if (const T* value = std::get_if<T>(&attribute->data)) return *value;
  throw Error(InputClass::Semantic, "attribute '" + std::string(name) + "' must be " + std::string(kind),
              "node '" + node.name + "' (" + node.op_type + ")");
}

}  // namespace

const Attribute* Node::find(std::string_view attribute) const {
  const auto at = std::find_if(attributes.begin(), attributes.end(),
                               [&](const Attribute& entry) { return entry.name == attribute; });
  return at == attributes.end() ? nullptr : &*at;
}

std::int64_t Node::int_or(std::string_view attribute, std::int64_t otherwise) const {
  return value_or<std::int64_t>(*this, attribute, otherwise, "an integer");
}

float Node::float_or(std::string_view attribute, float otherwise) const {
  return value_or<float>(*this, attribute, otherwise, "a float");
}

std::string Node::string_or(std::string_view attribute, std::string_view otherwise) const {
  return value_or<std::string>(*this, attribute, std::string(otherwise), "a string");
}

std::vector<std::int64_t> Node::ints_or(std::string_view attribute, std::vector<std::int64_t> otherwise) const {
  return value_or<std::vector<std::int64_t>>(*this, attribute, std::move(otherwise), "a list of integers");
}

void Node::set(std::string_view attribute, Attribute::Data data) {
  for (Attribute& entry : attributes) {
    if (entry.name == attribute) {
      entry.data = std::move(data);
      return;
    }
  }
  attributes.push_back({std::string(attribute), std::move(data), {}});
}

void Node::remove(std::string_view attribute) {
  std::erase_if(attributes, [&](const Attribute& entry) { return entry.name == attribute; });
}

bool Graph::is_input(ValueId id) const {
  return std::find(inputs.begin(), inputs.end(), id) != inputs.end();
}

bool Graph::is_output(ValueId id) const {
  return std::find(outputs.begin(), outputs.end(), id) != outputs.end();
}

bool Graph::is_constant(ValueId id) const {
  return id != kNoValue && (value(id).initializer.defined() || value(id).sparse_initializer) && !is_input(id);
}

ValueId Graph::find(std::string_view value_name) const {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i].name == value_name) return static_cast<ValueId>(i);
  return kNoValue;
}

NodeId Graph::find_node(std::string_view node_name) const {
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (nodes[i].name == node_name) return static_cast<NodeId>(i);
  return kNoNode;
}

std::int64_t Graph::opset(std::string_view in_domain) const {
  const auto at = opsets.find(std::string(in_domain));
  return at == opsets.end() ? 0 : at->second;
}

}  // namespace bw
