// Passes over a whole split, for training.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "data/dataset.h"

namespace bw {

// All samples of a split once, in the random order of one pass of several: another one for each number and seed, the
// same again for the same.
std::vector<std::size_t> epoch(const Split& split, std::uint64_t number, std::uint64_t seed);

}  // namespace bw
