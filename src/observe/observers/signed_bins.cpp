#include "observe/observers/signed_bins.h"

namespace bw {

SignedBins signed_bins(const Histogram& histogram, std::size_t bins) {
  const auto positive = histogram.positive(), negative = histogram.negative();
  const std::size_t merged = Histogram::kBins / bins;
  SignedBins made;
  for (std::size_t i = 0; i < positive.size(); ++i)
    if (positive[i] + negative[i] != 0) made.side = i / merged + 1;
  made.width = histogram.width() * static_cast<double>(merged);
  made.counts.resize(2 * made.side);
  for (std::size_t i = 0; i / merged < made.side && i < positive.size(); ++i) {
    made.counts[made.side + i / merged] += positive[i];
    made.counts[made.side - 1 - i / merged] += negative[i];
  }
  return made;
}

}  // namespace bw
