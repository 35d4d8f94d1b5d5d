// The attributes of an operator as its row lists them: name, type, whether it must be there, what holds when it is not.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

namespace bw {

// In the order of Attribute::Data.
enum class AttributeType : std::uint8_t {
  Integer,
  Number,
  Text,
  Tensor,
  Graph,
  Type,
  SparseTensor,
  Integers,
  Numbers,
  Texts,
  Tensors,
  Graphs,
  Types,
  SparseTensors,
};

struct AttributeInfo {
  // monostate: it has no default. Lists have none here: what an empty one means is the operator's rule.
  using Default = std::variant<std::monostate, std::int64_t, float, std::string_view>;

  std::string_view name;
  AttributeType type = AttributeType::Integer;
  bool is_required = false;
  Default otherwise = {};
  std::int64_t since = 0;  // opset of `otherwise`; before it, `older` held
  Default older = {};

  constexpr AttributeInfo required() const {
    AttributeInfo same = *this;
    same.is_required = true;
    return same;
  }
  constexpr AttributeInfo before(std::int64_t opset, Default default_then) const {
    AttributeInfo same = *this;
    same.since = opset;
    same.older = default_then;
    return same;
  }
  Default default_at(std::int64_t opset) const { return opset < since ? older : otherwise; }
};

class Attributes {
 public:
  constexpr Attributes() = default;
  constexpr Attributes(std::initializer_list<AttributeInfo> all) {
    for (const AttributeInfo& attribute : all) items_[count_++] = attribute;
  }
  // Of an operator whose attributes nothing here reads.
  static constexpr Attributes not_listed() {
    Attributes none;
    none.listed_ = false;
    return none;
  }

  constexpr bool are_listed() const { return listed_; }
  constexpr const AttributeInfo* begin() const { return items_.data(); }
  constexpr const AttributeInfo* end() const { return items_.data() + count_; }
  const AttributeInfo* find(std::string_view name) const {  // nullptr: there is none
    for (const AttributeInfo& attribute : *this)
      if (attribute.name == name) return &attribute;
    return nullptr;
  }

 private:
  std::array<AttributeInfo, 16> items_ = {};
  std::size_t count_ = 0;
  bool listed_ = true;
};

// How rows spell them.
namespace row {

constexpr AttributeInfo integer(std::string_view name) {
  return {.name = name, .type = AttributeType::Integer};
}
constexpr AttributeInfo integer(std::string_view name, std::int64_t otherwise) {
  return {.name = name, .type = AttributeType::Integer, .otherwise = otherwise};
}
constexpr AttributeInfo number(std::string_view name) {
  return {.name = name, .type = AttributeType::Number};
}
constexpr AttributeInfo number(std::string_view name, float otherwise) {
  return {.name = name, .type = AttributeType::Number, .otherwise = otherwise};
}
constexpr AttributeInfo text(std::string_view name) {
  return {.name = name, .type = AttributeType::Text};
}
constexpr AttributeInfo text(std::string_view name, std::string_view otherwise) {
  return {.name = name, .type = AttributeType::Text, .otherwise = otherwise};
}
constexpr AttributeInfo integers(std::string_view name) {
  return {.name = name, .type = AttributeType::Integers};
}
constexpr AttributeInfo numbers(std::string_view name) {
  return {.name = name, .type = AttributeType::Numbers};
}
constexpr AttributeInfo texts(std::string_view name) {
  return {.name = name, .type = AttributeType::Texts};
}
constexpr AttributeInfo tensor(std::string_view name) {
  return {.name = name, .type = AttributeType::Tensor};
}
constexpr AttributeInfo sparse(std::string_view name) {
  return {.name = name, .type = AttributeType::SparseTensor};
}
constexpr AttributeInfo graph(std::string_view name) {
  return {.name = name, .type = AttributeType::Graph};
}
constexpr AttributeInfo type(std::string_view name) {
  return {.name = name, .type = AttributeType::Type};
}

}  // namespace row

}  // namespace bw
