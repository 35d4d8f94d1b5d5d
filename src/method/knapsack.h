// One choice for each item, of the least cost that a size allows.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace bw {

struct Choice {
  double size, cost;  // neither below 0
};

// The choice taken, by item; nothing where the smallest ones do not fit. Sizes count in parts of `most`, rounded up, so
// that what is found leaves no more than one part an item unused; of equal costs the first choice is taken.
std::optional<std::vector<std::size_t>> least_costly(std::span<const std::vector<Choice>> items, double most);

}  // namespace bw
