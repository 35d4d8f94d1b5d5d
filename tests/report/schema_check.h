// A validator for the part of JSON Schema that report_schema() uses; a keyword that it does not know is an error, so
// that nothing in the schema goes unchecked. tests/oracle/report_schema.py does the same with an independent validator.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "base/json.h"

namespace bw::test {

class SchemaCheck {
 public:
  explicit SchemaCheck(Json schema) : root_(std::move(schema)) {}

  // "" when `value` fits, else where it does not and why.
  std::string fault(const Json& value) const { return fault(value, root_, ""); }

 private:
  static bool has_type(const Json& value, const std::string& type) {
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_boolean();
    if (type == "null") return value.is_null();
    if (type == "array") return value.is_array();
    if (type == "object") return value.is_object();
    throw std::runtime_error("type " + type);
  }

  int fitting(const Json& value, const Json& choices, const std::string& at) const {
    int count = 0;
    for (const Json& choice : choices) count += fault(value, choice, at).empty();
    return count;
  }

  std::string fault(const Json& value, const Json& schema, const std::string& at) const {
    for (const auto& [keyword, rule] : schema.items()) {
      const std::string found = keyword_fault(value, schema, keyword, rule, at);
      if (!found.empty()) return found;
    }
    return "";
  }

  std::string keyword_fault(const Json& value, const Json& schema, const std::string& keyword, const Json& rule,
                            const std::string& at) const {
    if (keyword == "$schema" || keyword == "title" || keyword == "description" || keyword == "$defs") return "";
    if (keyword == "$ref") return fault(value, root_.at(Json::json_pointer(rule.get<std::string>().substr(1))), at);
    if (keyword == "type") return has_type(value, rule.get<std::string>()) ? "" : at + " is no " + rule.dump();
    if (keyword == "const") return value == rule ? "" : at + " is not " + rule.dump();
    if (keyword == "enum")
      return rule.end() != std::find(rule.begin(), rule.end(), value) ? "" : at + " is none of " + rule.dump();
    if (keyword == "minimum") return value.get<double>() >= rule.get<double>() ? "" : at + " is too small";
    if (keyword == "anyOf") return fitting(value, rule, at) >= 1 ? "" : at + " fits none of " + rule.dump();
    if (keyword == "oneOf") return fitting(value, rule, at) == 1 ? "" : at + " fits none or several of " + rule.dump();
    if (keyword == "items") return items_fault(value, rule, at);
    if (keyword == "required") return required_fault(value, rule, at);
    if (keyword == "properties" || keyword == "additionalProperties")
      return members_fault(value, schema, keyword, rule, at);
    throw std::runtime_error("keyword " + keyword);
  }

  std::string items_fault(const Json& value, const Json& rule, const std::string& at) const {
    std::string found;
    for (std::size_t i = 0; i < value.size() && found.empty(); ++i)
      found = fault(value[i], rule, at + "/" + std::to_string(i));
    return found;
  }

  static std::string required_fault(const Json& value, const Json& rule, const std::string& at) {
    for (const Json& name : rule)
      if (!value.contains(name.get<std::string>())) return at + " lacks " + name.dump();
    return "";
  }

  std::string members_fault(const Json& value, const Json& schema, const std::string& keyword, const Json& rule,
                            const std::string& at) const {
    for (const auto& [name, member] : value.items()) {
      const bool named = schema.contains("properties") && schema["properties"].contains(name);
      std::string found;
      if (keyword == "properties" && named) found = fault(member, rule[name], at + "/" + name);
      if (keyword == "additionalProperties" && !named && rule == false) found = at + " must not have " + name;
      if (keyword == "additionalProperties" && !named && rule.is_object()) found = fault(member, rule, at + "/" + name);
      if (!found.empty()) return found;
    }
    return "";
  }

  Json root_;
};

}  // namespace bw::test
