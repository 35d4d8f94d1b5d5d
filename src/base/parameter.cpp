#include "base/parameter.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/names.h"
#include "base/number.h"

namespace bw {
namespace {

using Type = Parameter::Type;

// What a value is beside a number: its name, the unit of its limits and examples.
struct NumberKind {
  Type type;
  std::string_view name, unit, examples;
};
constexpr NumberKind kNumberKinds[] = {{Type::Integer, "a whole number", "", ""},
                                       {Type::Number, "a number", "", ""},
                                       {Type::Bytes, "a size", " bytes", ", like 500k, 5MB or 1.5GiB"},
                                       {Type::Seconds, "a time", " seconds", ", like 500ms, 30s or 2m"},
                                       {Type::Ratio, "a share", "", ", like 0.95 or 95%"}};

const NumberKind* number_kind(Type type) {
  for (const NumberKind& kind : kNumberKinds)
    if (kind.type == type) return &kind;
  return nullptr;
}

template <class T>
std::optional<std::string> plain(const Parameter& parameter, std::string_view text,
                                 bool (*parse)(std::string_view, T&)) {
  T value{};
  if (!parse(text, value)) return {};
  const auto number = static_cast<double>(value);
  return number >= parameter.low && number <= parameter.high ? std::optional(fmt::format("{}", value)) : std::nullopt;
}

// A number without its unit; nothing when it is none or beyond the limits.
std::optional<std::string> plain_number(const Parameter& parameter, std::string_view text) {
  switch (parameter.type) {
    case Type::Integer:
      return plain<std::int64_t>(parameter, text, parse_number);
    case Type::Bytes:
      return plain<std::uint64_t>(parameter, text, parse_bytes);
    case Type::Seconds:
      return plain<double>(parameter, text, parse_seconds);
    case Type::Ratio:
      return plain<double>(parameter, text, parse_ratio);
    default:
      return plain<double>(parameter, text, parse_number);
  }
}

std::string one_of(std::string_view text, const std::vector<std::string_view>& choices) {
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return "";
  const std::string_view meant = nearest(text, choices);
  return fmt::format("one of {}{}", fmt::join(choices, ", "),
                     meant.empty() ? "" : fmt::format(". Did you mean '{}'?", meant));
}

}  // namespace

std::string complaint(const Parameter& parameter, std::string_view text) {
  if (const NumberKind* kind = number_kind(parameter.type))
    return plain_number(parameter, text) ? ""
                                         : fmt::format("{} from {:.10g} to {:.10g}{}{}", kind->name, parameter.low,
                                                       parameter.high, kind->unit, kind->examples);
  if (parameter.type == Type::Flag) return text == "yes" || text == "no" ? "" : "yes or no";
  return parameter.type == Type::Choice ? one_of(text, split(parameter.choices, '|')) : "";
}

Arguments::Arguments(std::string_view entry, std::span<const Parameter> parameters,
                     const std::map<std::string, std::string>& given) {
  for (const Parameter& parameter : parameters) values_.emplace(parameter.name, parameter.standard);
  for (const auto& [name, text] : given) {
    const auto found = values_.find(name);
    if (found == values_.end()) throw no_such("parameter", name, names_of(parameters)).within(entry);
    found->second = text;
  }
  for (const Parameter& parameter : parameters) {
    std::string& text = values_.find(parameter.name)->second;
    if (const std::string wanted = complaint(parameter, text); !wanted.empty())
      throw Error(ErrorKind::Usage,
                  fmt::format("parameter '{}' of '{}' is '{}', but must be {}", parameter.name, entry, text, wanted));
    if (number_kind(parameter.type)) text = *plain_number(parameter, text);
  }
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
  constexpr std::string_view kNames[] = {"integer", "number", "flag", "choice", "text", "bytes", "seconds", "ratio"};
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
