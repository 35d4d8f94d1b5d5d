// The version of bitwright, as reports and plans carry it.
#pragma once

#include <string_view>

namespace bw {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace bw
