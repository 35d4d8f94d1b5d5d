// JSON: one value type (nlohmann's, keys in insertion order), and a strict parser for hostile text.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace bw {

using Json = nlohmann::ordered_json;

// Parses strictly: UTF-8 (one byte-order mark skipped), depth at most 64, no duplicate keys, no NaN or Infinity, no
// trailing text, integers within 64 bits. Errors: InputError(format or limit) with `where` and line:column.
Json parse_json(std::string_view text, std::string_view where);

// Stable text: two spaces of indent, shortest round-trip numbers, final newline. A number that is not finite is our
// defect (InternalError): the caller writes null and a reason.
std::string to_text(const Json& json);
std::string to_line(const Json& json);  // the same without line breaks

}  // namespace bw
