#include "base/number.h"

#include <charconv>
#include <cmath>

namespace bw {
namespace {

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

}  // namespace bw
