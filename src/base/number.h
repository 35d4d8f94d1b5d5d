// Numbers from text.
#pragma once

#include <cstdint>
#include <string_view>

namespace bw {

// The whole of `text` as a number, independent of the locale. False when it is none or does not fit.
bool parse_number(std::string_view text, std::int64_t& value);
bool parse_number(std::string_view text, double& value);  // finite

// The same with units, as people write them: "500k", "5MB", "1.5GiB" (k is 1000, Ki 1024; rounded down to whole bytes);
// "500ms", "30s", "1h30m"; "95%". A plain number is bytes, seconds, the ratio itself.
bool parse_bytes(std::string_view text, std::uint64_t& bytes);
bool parse_seconds(std::string_view text, double& seconds);
bool parse_ratio(std::string_view text, double& ratio);

}  // namespace bw
