// A histogram as one row of bins from the most negative to the most positive one in use, the same number a side,
// without the zeros (both sides of a quantizer represent them exactly).
#pragma once

#include <vector>

#include "observe/statistics/histogram.h"

namespace bw {

struct SignedBins {
  std::vector<std::uint64_t> counts;  // 2 * side
  std::size_t side = 0;
  double width = 0;

  double edge(std::size_t i) const { return (static_cast<double>(i) - static_cast<double>(side)) * width; }
};

// With at most `bins` bins a side (a power of two, at most Histogram::kBins), more than half of them in use on one
// side.
SignedBins signed_bins(const Histogram& histogram, std::size_t bins);

}  // namespace bw
