// Pages of docs/ that describe a JSON Schema of ours field by field.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <cctype>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/json.h"

namespace bw::test {

// What such a page calls a type of the schema.
inline std::string type_in_page(const Json& schema) {
  if (schema.contains("$ref")) {
    std::string name = schema["$ref"].get<std::string>().substr(std::string_view("#/$defs/").size()), anchor = name;
    for (char& c : anchor) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return "[" + name + "](#" + anchor + ")";
  }
  if (schema.contains("const")) return schema["const"].dump();
  if (schema.contains("anyOf")) return type_in_page(schema["anyOf"][0]) + " or null";
  if (schema.contains("enum")) {
    std::string words;
    for (const Json& word : schema["enum"]) words += (words.empty() ? "`" : ", `") + word.get<std::string>() + "`";
    return words;
  }
  const auto type = schema.at("type").get<std::string>();
  if (type == "array") return "list of " + type_in_page(schema["items"]);
  if (type == "object" && schema.contains("additionalProperties"))
    return "object of " + type_in_page(schema["additionalProperties"]);
  return type;
}

inline std::string section_in_page(const std::string& name, const Json& definition) {
  std::string text = "\n## " + name + "\n\n| field | type | meaning |\n|---|---|---|\n";
  for (const auto& [field, schema] : definition["properties"].items())
    text += "| `" + field + "` | " + type_in_page(schema) + " | " + schema["description"].get<std::string>() + " |\n";
  return text;
}

// The page has a section for the schema, called `title`, and for each of its definitions, and nothing behind them.
inline void check_page(const std::string& file, const std::string& title, const Json& schema) {
  const std::string page = read_file(fs::path(BW_SOURCE) / file);
  std::size_t described = page.find("\n## ");
  REQUIRE(described != std::string::npos);
  const auto check = [&](const std::string& name, const Json& definition) {
    const std::string section = section_in_page(name, definition);
    INFO(section);
    CHECK(page.find(section) != std::string::npos);
    described += section.size();
  };
  check(title, schema);
  for (const auto& [name, definition] : schema["$defs"].items()) check(name, definition);
  CHECK(described == page.size());
}

}  // namespace bw::test
