// Weights as codes of a table of numbers of their own.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "plan/scheme.h"

namespace bw {

// The table of at most so many numbers that are nearest to all of a finite weight's (method/clusters.h), and the codes
// of these; with `channel_axis` in units of the largest weight of each channel. Importance: what a squared error
// counts, of each element; empty: all count the same.
QParams palette_params(const Tensor& weight, std::size_t most, std::optional<int> channel_axis,
                       std::span<const float> importance = {});

// Whether these are such a table's: not one that was given, as bnb4's.
bool is_palette(const QParams& params);

}  // namespace bw
