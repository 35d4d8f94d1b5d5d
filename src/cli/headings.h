// What flags stand beneath in help and manual.
#pragma once

#include <string_view>

namespace bw {

inline constexpr std::string_view kDataHeading = "Data", kMakingHeading = "What is made",
                                  kMeasuringHeading = "How it is measured", kRequiredHeading = "What is required",
                                  kResultHeading = "Result", kProcessHeading = "Processes that run models",
                                  kCommonHeading = "Everywhere";

}  // namespace bw
