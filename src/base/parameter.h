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
  // Bytes, Seconds and Ratio are numbers that may have a unit: "5MB", "30s", "95%" (base/number.h).
  enum class Type : std::uint8_t { Integer, Number, Flag, Choice, Text, Bytes, Seconds, Ratio };
  std::string_view name;
  Type type;
  std::string_view standard;      // default, as text
  std::string_view says;          // one line
  double low = 0, high = 0;       // limits of numbers, both included, in bytes, seconds, the ratio itself
  std::string_view choices = {};  // of Choice, separated by '|'
  bool hidden = false;            // not in the help: for tests
  std::string_view takes = {};    // of Text: what the value is, as help shows it: FILE
  std::string_view heading = {};  // that a command's flag stands beneath in its help
};

// "a whole number from 1 to 1000" or "one of u8, s8. Did you mean 'u8'?": what a value has to be; "" when `text` is
// one.
std::string complaint(const Parameter& parameter, std::string_view text);

// The values of one entry's parameters, complete (defaults filled in) and checked.
class Arguments {
 public:
  // UsageError names the entry, the parameter, the value met and what is allowed.
  Arguments(std::string_view entry, std::span<const Parameter> parameters,
            const std::map<std::string, std::string>& given = {});

  std::int64_t integer(std::string_view name) const;     // also of Bytes
  double number(std::string_view name) const;            // also of Seconds and Ratio
  bool flag(std::string_view name) const;                // yes or no
  const std::string& text(std::string_view name) const;  // of any type

 private:
  const std::string& value(std::string_view name) const;
  std::map<std::string, std::string, std::less<>> values_;
};

std::string_view name_of(Parameter::Type type);
std::vector<std::string_view> split(std::string_view text, char separator);  // "" gives no parts

}  // namespace bw
