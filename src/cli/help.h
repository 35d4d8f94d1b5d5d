// What --help says, and 'bitwright help'.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bw {

inline constexpr std::string_view kPurpose =
    "bitwright finds the smaller, faster version of a trained network that is worth shipping, with proof.";

// Of the commands whose names begin with `words`: their list, or all of the one. UsageError when there is none.
// `width`: characters of a line; 0: any.
std::string help(std::string_view words, std::size_t width);

}  // namespace bw
