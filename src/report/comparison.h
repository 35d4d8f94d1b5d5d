// Two models that the user chose, in words: what the second is to the first.
#pragma once

#include <string>

#include "bench/findings.h"

namespace bw {

// "B against A: ..." for a model (A) with one candidate (B): whether it is faster, more accurate, smaller, by how much,
// and whether that is beyond the 95 % interval. Says why when B could not be measured.
std::string comparison_sentence(const ModelFindings& model);

}  // namespace bw
