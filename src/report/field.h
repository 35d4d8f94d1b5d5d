// How values become JSON: `Form<T>` writes a value and describes it as JSON Schema (2020-12); a struct does both from
// one table of fields, so that what is written and what is described cannot part.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/json.h"

namespace bw::form {

template <class T>
struct Form;

template <class T>
struct Field {
  std::string_view name, says;
  std::function<Json(const T&)> write;
  std::function<Json(Json& definitions)> schema;  // adds to `definitions` what it refers to
};

// A struct's table. Each specialisation has kName, its name in the schema, fields(), in the order they are written, and
// maybe rule(): what the schema demands of several fields at once.
template <class T>
struct Table;

// A field whose value is a member or what a function makes of the struct; the value's type says how it is written.
template <class T, class Get>
Field<T> field(std::string_view name, std::string_view says, Get get) {
  using Value = std::remove_cvref_t<std::invoke_result_t<Get, const T&>>;
  return {name, says, [get](const T& of) { return Form<Value>::write(std::invoke(get, of)); }, &Form<Value>::schema};
}

// The same for a text that is one of a few words.
template <class T, class Get>
Field<T> word_field(std::string_view name, std::string_view says, Get get, std::vector<std::string_view> words) {
  Field<T> made = field<T>(name, says, get);
  made.schema = [words](Json&) { return Json{{"type", "string"}, {"enum", words}}; };
  return made;
}

// A field that always has the same value.
template <class T, class Value>
Field<T> constant_field(std::string_view name, std::string_view says, Value value) {
  return {name, says, [value](const T&) { return Json(value); }, [value](Json&) { return Json{{"const", value}}; }};
}

// The words of an enumeration, by its name_of(), from 0 to `last`.
template <class E>
std::vector<std::string_view> words_up_to(E last) {
  std::vector<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(last); ++i) words.push_back(name_of(static_cast<E>(i)));
  return words;
}

// File names and names in models may hold bytes that are not UTF-8; a report must not be lost to them. Each becomes
// U+FFFD.
inline std::string as_utf8(const std::string& text) {
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

inline Json nullable(Json schema) {
  return {{"anyOf", Json::array({std::move(schema), Json{{"type", "null"}}})}};
}

template <class T>
  requires std::is_arithmetic_v<T>
struct Form<T> {
  static Json write(T value) { return value; }
  static Json schema(Json&) {
    if constexpr (std::is_same_v<T, bool>) return {{"type", "boolean"}};
    if constexpr (std::is_floating_point_v<T>) return {{"type", "number"}};
    if constexpr (std::is_unsigned_v<T>) return {{"type", "integer"}, {"minimum", 0}};
    return {{"type", "integer"}};
  }
};

template <>
struct Form<std::string> {
  static Json write(const std::string& text) { return as_utf8(text); }
  static Json schema(Json&) { return {{"type", "string"}}; }
};

template <class T>
struct Form<std::optional<T>> {
  // A number that is not finite is no number: null.
  static Json write(const std::optional<T>& value) {
    if constexpr (std::is_floating_point_v<T>)
      if (value && !std::isfinite(*value)) return nullptr;
    return value ? Form<T>::write(*value) : Json(nullptr);
  }
  static Json schema(Json& definitions) { return nullable(Form<T>::schema(definitions)); }
};

template <class T>
struct Form<std::vector<T>> {
  static Json write(const std::vector<T>& values) {
    Json list = Json::array();
    for (const T& value : values) list.push_back(Form<T>::write(value));
    return list;
  }
  static Json schema(Json& definitions) { return {{"type", "array"}, {"items", Form<T>::schema(definitions)}}; }
};

template <class T>
struct Form<std::map<std::string, T>> {
  static Json write(const std::map<std::string, T>& values) {
    Json object = Json::object();
    for (const auto& [name, value] : values) object[as_utf8(name)] = Form<T>::write(value);
    return object;
  }
  static Json schema(Json& definitions) {
    return {{"type", "object"}, {"additionalProperties", Form<T>::schema(definitions)}};
  }
};

// Every struct that has a Table. The schema is a reference to its entry in `definitions`.
template <class T>
  requires requires { Table<T>::kName; }
struct Form<T> {
  static Json write(const T& value) {
    Json object = Json::object();
    for (const Field<T>& field : Table<T>::fields()) object[std::string(field.name)] = field.write(value);
    return object;
  }

  static Json schema(Json& definitions) {
    const std::string name(Table<T>::kName);
    if (!definitions.contains(name)) {
      definitions[name] = nullptr;  // keeps its place before those that it refers to
      Json definition = object_schema(definitions);
      definitions[name] = std::move(definition);
    }
    return {{"$ref", "#/$defs/" + name}};
  }

  static Json object_schema(Json& definitions) {
    Json properties = Json::object(), required = Json::array();
    for (const Field<T>& field : Table<T>::fields()) {
      Json property = field.schema(definitions);
      property["description"] = field.says;
      properties[std::string(field.name)] = std::move(property);
      required.push_back(field.name);
    }
    Json schema{
        {"type", "object"}, {"properties", properties}, {"required", required}, {"additionalProperties", false}};
    if constexpr (requires { Table<T>::rule(); }) schema.update(Table<T>::rule());
    return schema;
  }
};

}  // namespace bw::form
