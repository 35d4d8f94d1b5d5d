// Whether a float model is better than guessing: if it is not, nothing that is compared with it means anything.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "measure/figure.h"

namespace bw {

// A sentence for a share of right answers (`accuracy`, with its interval) that reaches no further than always naming
// the most frequent class of the samples, or than drawing one of `classes` (0: not known); empty when it does.
std::string chance_warning(const Figure& accuracy, std::span<const std::int64_t> labels, std::int64_t classes);

}  // namespace bw
