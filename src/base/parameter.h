// Parameters of catalog entries (methods, observers, ...): one table per entry gives the flags, the help, the checks
// and the defaults. Values arrive as text and leave typed.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bw {

struct Parameter {
  enum class Type : std::uint8_t { Integer, Number, Flag, Choice, Text };
  std::string_view name;
  Type type;
  std::string_view standard;      // default, as text
  std::string_view says;          // one line
  double low = 0, high = 0;       // limits of Integer and Number, both included
  std::string_view choices = {};  // of Choice, separated by '|'
  bool hidden = false;            // not in the help: for tests
};

// The values of one entry's parameters, complete (defaults filled in) and checked.
class Arguments {
 public:
  // UsageError names the entry, the parameter, the value met and what is allowed.
  Arguments(std::string_view entry, std::span<const Parameter> parameters,
            const std::map<std::string, std::string>& given = {});

  std::int64_t integer(std::string_view name) const;
  double number(std::string_view name) const;
  bool flag(std::string_view name) const;                // yes or no
  const std::string& text(std::string_view name) const;  // of any type

 private:
  const std::string& value(std::string_view name) const;
  std::map<std::string, std::string, std::less<>> values_;
};

std::string_view name_of(Parameter::Type type);
std::vector<std::string_view> split(std::string_view text, char separator);  // "" gives no parts

}  // namespace bw
