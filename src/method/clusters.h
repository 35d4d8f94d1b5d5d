// The best division of numbers into clusters: of the least sum of weight * (number - center of its cluster)^2. In one
// dimension clusters are runs of the sorted numbers, so dynamic programming finds it, and no start decides what is
// found (Haizhou Wang and Mingzhou Song, "Ckmeans.1d.dp", The R Journal 3, 2011).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace bw {

// Centers, ascending, at most `most`; fewer where there are fewer different numbers. Weights: one for each number, none
// of them negative, or none at all, and all count the same. Where different numbers times centers are beyond
// kMostCells, numbers next to each other are taken together first, in cells of equal width. Numbers are finite.
inline constexpr std::size_t kMostCells = std::size_t{1} << 25;
std::vector<float> cluster_centers(std::span<const float> numbers, std::span<const float> weights, std::size_t most);

}  // namespace bw
