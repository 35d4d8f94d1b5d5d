#include "base/number.h"

#include <charconv>
#include <cmath>
#include <span>
#include <string>

namespace bw {
namespace {

struct UnitRow {
  std::string_view name;  // in lower case
  double factor;
};
constexpr UnitRow kBytes[] = {{"b", 1},       {"k", 1e3},     {"kb", 1e3}, {"ki", 0x1p10}, {"kib", 0x1p10},
                              {"m", 1e6},     {"mb", 1e6},    {"g", 1e9},  {"mi", 0x1p20}, {"mib", 0x1p20},
                              {"gb", 1e9},    {"gi", 0x1p30}, {"t", 1e12}, {"tb", 1e12},   {"gib", 0x1p30},
                              {"ti", 0x1p40}, {"tib", 0x1p40}};
constexpr UnitRow kSeconds[] = {{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"sec", 1}, {"m", 60}, {"min", 60}, {"h", 3600}};

const UnitRow* unit_named(std::span<const UnitRow> units, std::string_view text) {
  std::string name;
  for (const char c : text) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const UnitRow& unit : units)
    if (unit.name == name) return &unit;
  return nullptr;
}

bool of_a_number(char c) {
  return (c >= '0' && c <= '9') || c == '.';
}

template <class T>
bool parse_whole(std::string_view text, T& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

}  // namespace

bool parse_number(std::string_view text, std::int64_t& value) {
  return parse_whole(text, value);
}
bool parse_number(std::string_view text, double& value) {
  return parse_whole(text, value) && std::isfinite(value);
}

bool parse_bytes(std::string_view text, std::uint64_t& bytes) {
  double number = 0;
  if (!parse_number(text, number)) {
    std::size_t end = 0;
    while (end < text.size() && of_a_number(text[end])) ++end;
    std::size_t unit_start = end;
    while (unit_start < text.size() && text[unit_start] == ' ') ++unit_start;
    const UnitRow* unit = unit_named(kBytes, text.substr(unit_start));
    if (unit == nullptr || !parse_number(text.substr(0, end), number)) return false;
    number *= unit->factor;
  }
  if (number < 0 || number >= 0x1p63) return false;
  bytes = static_cast<std::uint64_t>(number);
  return true;
}

bool parse_seconds(std::string_view text, double& seconds) {
  if (text.empty() || parse_number(text, seconds)) return !text.empty();
  seconds = 0;
  while (!text.empty()) {  // a number and its unit
    std::size_t end = 0;
    while (end < text.size() && of_a_number(text[end])) ++end;
    std::size_t next = end;
    while (next < text.size() && !of_a_number(text[next])) ++next;
    std::string_view name = text.substr(end, next - end);
    while (name.starts_with(' ')) name.remove_prefix(1);
    const UnitRow* unit = unit_named(kSeconds, name);
    double number = 0;
    if (unit == nullptr || !parse_number(text.substr(0, end), number)) return false;
    seconds += number * unit->factor;
    text.remove_prefix(next);
  }
  return std::isfinite(seconds);
}

bool parse_ratio(std::string_view text, double& ratio) {
  if (!text.ends_with('%')) return parse_number(text, ratio);
  text.remove_suffix(1);
  if (text.find_first_of("eE") != text.npos) return false;
  return parse_number(std::string(text) + "e-2", ratio);  // the nearest to 0.999, not to 99.9 over 100
}

}  // namespace bw
