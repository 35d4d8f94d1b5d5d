// What the user asks for: a chain of methods with parameters, written "cle+int8-static(observer=mse,percentile=99.9)".
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bw {

struct Step {
  std::string method;
  std::map<std::string, std::string> parameters;  // as written; the method's parameter table gives them types
  friend bool operator==(const Step&, const Step&) = default;
};

struct Recipe {
  std::vector<Step> steps;
  friend bool operator==(const Recipe&, const Recipe&) = default;
};

// UsageError with the position of the fault. parse_recipe(to_string(r)) == r.
Recipe parse_recipe(std::string_view text);
std::string to_string(const Recipe& recipe);

}  // namespace bw
