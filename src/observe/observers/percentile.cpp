#include <algorithm>
#include <array>
#include <numeric>

#include "observe/observers/entries.h"
#include "observe/statistics/histogram.h"

namespace bw {
namespace {

constexpr std::array kParameters{Parameter{"percentile", Parameter::Type::Number, "99.999",
                                           "share of the values to keep inside, in percent", 50, 100}};

// Index of the first bin at which the share of values so far reaches `share`. Sums as numpy's cumsum has them.
std::size_t reached(std::span<const double> counts, double share) {
  const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sum += counts[i] / total;
    if (sum >= share) return i;
  }
  return counts.size();
}

// onnxruntime's rule: a symmetric scheme cuts the magnitudes above the percentile; others cut half of the rest at each
// end. The cut is at the lower edge of the bin where the share is reached, and never outside of what was seen. Zeros
// belong to the first bin above zero.
Range cut(const Statistic& seen, const Scheme& scheme, const Arguments& arguments) {
  const auto& histogram = seen.as<Histogram>();
  const auto positive = histogram.positive(), negative = histogram.negative();
  if (positive.empty()) return {};
  const double percentile = arguments.number("percentile"), width = histogram.width();
  std::vector<double> counts;
  if (!scheme.symmetric)
    for (std::size_t i = negative.size(); i-- > 0;) counts.push_back(static_cast<double>(negative[i]));
  for (std::size_t i = 0; i < positive.size(); ++i)
    counts.push_back(
        static_cast<double>(positive[i] + (scheme.symmetric ? negative[i] : 0) + (i == 0 ? histogram.zeros() : 0)));
  const double first_edge = scheme.symmetric ? 0 : -width * static_cast<double>(negative.size());
  const auto edge = [&](double share) {
    return static_cast<float>(first_edge + width * static_cast<double>(reached(counts, share)));
  };
  const double rest = (100.0 - percentile) / 200.0;
  const float high = edge(scheme.symmetric ? percentile / 100.0 : 1.0 - rest);
  const float low = scheme.symmetric ? -high : edge(rest);
  return {std::max(low, histogram.range().low), std::min(high, histogram.range().high)};
}

}  // namespace

Observer percentile_observer() {
  return {"percentile", "leaves out the rarest extreme values", kParameters, {Histogram::kName}, cut};
}

}  // namespace bw
