// Text from files: strict UTF-8, and places in it that a person can find.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bw {

// "LINE:COLUMN" of a byte, both from 1; columns count bytes.
std::string place_of(std::string_view text, std::size_t byte);

// `text` without a leading byte-order mark. InputError(format) with line and column where it is not UTF-8 (overlong
// forms, surrogates, UTF-16) or holds a NUL.
std::string_view checked_utf8(std::string_view text, std::string_view where);

// Pieces between runs of white space (space, tab, CR, LF).
std::vector<std::string_view> words_of(std::string_view text);

}  // namespace bw
