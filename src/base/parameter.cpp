#include "base/parameter.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "base/number.h"

namespace bw {
namespace {

// What a value has to be, or "" when `text` is fine.
std::string complaint(const Parameter& parameter, std::string_view text) {
  const auto within = [&](double value) {
    return std::isfinite(value) && value >= parameter.low && value <= parameter.high;
  };
  switch (parameter.type) {
    case Parameter::Type::Integer: {
      std::int64_t value = 0;
      if (parse_number(text, value) && within(static_cast<double>(value))) return "";
      return fmt::format("a whole number from {} to {}", parameter.low, parameter.high);
    }
    case Parameter::Type::Number: {
      double value = 0;
      if (parse_number(text, value) && within(value)) return "";
      return fmt::format("a number from {} to {}", parameter.low, parameter.high);
    }
    case Parameter::Type::Flag:
      return text == "yes" || text == "no" ? "" : "yes or no";
    case Parameter::Type::Choice:
      for (const std::string_view choice : split(parameter.choices, '|'))
        if (choice == text) return "";
      return fmt::format("one of {}", parameter.choices);
    case Parameter::Type::Text:
      return "";
  }
  return "";
}

}  // namespace

Arguments::Arguments(std::string_view entry, std::span<const Parameter> parameters,
                     const std::map<std::string, std::string>& given) {
  std::string names;
  for (const Parameter& parameter : parameters) {
    values_.emplace(parameter.name, parameter.standard);
    names += fmt::format("{}{}", names.empty() ? "" : ", ", parameter.name);
  }
  for (const auto& [name, text] : given) {
    const auto found = values_.find(name);
    if (found == values_.end())
      throw Error(ErrorKind::Usage, fmt::format("'{}' has no parameter '{}'", entry, name), "",
                  names.empty() ? "It has no parameters" : fmt::format("It has: {}", names));
    found->second = text;
  }
  for (const Parameter& parameter : parameters)
    if (const std::string wanted = complaint(parameter, values_.find(parameter.name)->second); !wanted.empty())
      throw Error(ErrorKind::Usage, fmt::format("parameter '{}' of '{}' is '{}', but must be {}", parameter.name, entry,
                                                values_.find(parameter.name)->second, wanted));
}

const std::string& Arguments::value(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) throw Error(ErrorKind::Internal, fmt::format("no parameter '{}' in the table", name));
  return found->second;
}

std::int64_t Arguments::integer(std::string_view name) const {
  std::int64_t number = 0;
  parse_number(value(name), number);
  return number;
}

double Arguments::number(std::string_view name) const {
  double number = 0;
  parse_number(value(name), number);
  return number;
}

bool Arguments::flag(std::string_view name) const {
  return value(name) == "yes";
}
const std::string& Arguments::text(std::string_view name) const {
  return value(name);
}

std::string_view name_of(Parameter::Type type) {
  constexpr std::string_view kNames[] = {"integer", "number", "flag", "choice", "text"};
  return kNames[static_cast<std::size_t>(type)];
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return parts;
}

}  // namespace bw
