// Padding of rows: which positions a column says are real, and whether rows are cut to them.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/sources/source.h"

namespace bw {

using Positions = std::pair<std::size_t, std::size_t>;  // [first, last) along a sample's first axis

// Up to a length, or from the first to the last 1 of a mask. InputError(data): a length below 1, or no mask of 0 and 1
// with a 1 in it.
Positions real_positions(const Source& source, std::size_t item, std::size_t column);

// Settles spec.trim. Said: every row of the sources must have real positions, else InputError(data) naming the first
// that has none. Not said: a column of a usual name, where every row is padded at its end only, else kTrimNone; both
// are guesses. "" stays where there is no such column.
void find_trim(DatasetSpec& spec, std::span<const Source* const> sources, std::vector<std::string>& guesses);

}  // namespace bw
