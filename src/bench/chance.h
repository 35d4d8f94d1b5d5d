// Whether a float model is better than guessing: if it is not, nothing that is compared with it means anything.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "measure/figure.h"

namespace bw {

// A sentence for a share of right answers (`accuracy`, with its interval) that cannot be told from always naming the
// most frequent class of the samples, or from drawing one of `classes` (0: not known), and is at most 5 points above
// it; else empty.
std::string chance_warning(const Figure& accuracy, std::span<const std::int64_t> labels, std::int64_t classes);

}  // namespace bw
