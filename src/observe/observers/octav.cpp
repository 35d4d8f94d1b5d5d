#include <algorithm>
#include <cmath>
#include <vector>

#include "observe/observers/entries.h"
#include "observe/statistics/histogram.h"

namespace bw {
namespace {

constexpr int kMostRounds = 100;
constexpr double kSettled = 1e-6;

struct Bin {
  double magnitude, count;
};

std::vector<Bin> magnitudes(const Histogram& histogram) {
  std::vector<Bin> bins;
  const auto positive = histogram.positive(), negative = histogram.negative();
  for (std::size_t i = 0; i < positive.size(); ++i)
    if (const std::uint64_t count = positive[i] + negative[i]; count != 0)
      bins.push_back({(static_cast<double>(i) + 0.5) * histogram.width(), static_cast<double>(count)});
  return bins;
}

// How the square of the step grows with the clip c, in units of 2 c 4^-b: the range is c wide where one sign was seen
// and 2 c where both were, as the paper has it; between where the smaller side ends before c.
double growth(double clip, Range range, bool symmetric) {
  const double below = std::min(clip, symmetric ? clip : -static_cast<double>(range.low)),
               above = std::min(clip, symmetric ? clip : static_cast<double>(range.high));
  return (below + above) * static_cast<double>((below == clip) + (above == clip)) / clip;
}

// Charbel Sakr et al., "Optimal Clipping and Magnitude-aware Differentiation for Improved Quantization-aware Training",
// 2022, section 3: the clip of least squared error is the fixed point of
//   c = E[|x| 1(|x| > c)] / (4^-b / 12 * growth * E[1(0 < |x| <= c)] + E[1(|x| > c)]),
// which is met from below. Magnitudes are those of bins.
Range clipped(const Statistic& seen, const Scheme& scheme, const Arguments&) {
  const auto& histogram = seen.as<Histogram>();
  const std::vector<Bin> bins = magnitudes(histogram);
  if (bins.empty()) return {};
  const Range whole{std::min(histogram.range().low, 0.0F), std::max(histogram.range().high, 0.0F)};
  const double step = std::pow(4.0, -info(scheme.code).bits) / 12;
  double clip = 0;
  for (int round = 0; round < kMostRounds; ++round) {
    double outside = 0, sum = 0, inside = 0;
    for (const Bin& bin : bins) (bin.magnitude > clip ? outside : inside) += bin.count;
    for (const Bin& bin : bins) sum += bin.magnitude > clip ? bin.magnitude * bin.count : 0;
    if (outside == 0) break;
    const double next = sum / ((clip > 0 ? step * growth(clip, whole, scheme.symmetric) * inside : 0) + outside);
    const bool settled = next - clip <= kSettled * next;
    clip = std::max(clip, next);
    if (settled) break;
  }
  const auto end = static_cast<float>(clip);
  return {std::max(whole.low, -end), std::min(whole.high, end)};
}

}  // namespace

Observer octav_observer() {
  return {"octav", "clips where rounding and clipping lose least (Sakr et al. 2022)", {}, {Histogram::kName}, clipped};
}

}  // namespace bw
