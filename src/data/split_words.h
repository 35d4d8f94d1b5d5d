// How parts of a dataset are usually called.
#pragma once

#include <array>
#include <string_view>

namespace bw {

inline constexpr std::array<std::string_view, 15> kSplitWords{
    "calibration", "calib", "train", "training",   "evaluation", "eval", "test", "testing",
    "t10k",        "val",   "valid", "validation", "dev",        "all",  "data"};

}  // namespace bw
