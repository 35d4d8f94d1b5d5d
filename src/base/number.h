// Numbers from text.
#pragma once

#include <cstdint>
#include <string_view>

namespace bw {

// The whole of `text` as a number, independent of the locale. False when it is none or does not fit.
bool parse_number(std::string_view text, std::int64_t& value);
bool parse_number(std::string_view text, double& value);  // finite

}  // namespace bw
