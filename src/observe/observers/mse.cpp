#include <array>
#include <cmath>

#include "observe/observers/entries.h"
#include "observe/observers/signed_bins.h"

namespace bw {
namespace {

constexpr std::array kParameters{
    Parameter{"steps", Parameter::Type::Integer, "80", "candidates for each end of the range", 10, 1000},
    Parameter{"least", Parameter::Type::Number, "0.2", "the smallest candidate, as a share of the range seen", 0.01, 1},
};

struct Bin {
  double center, count;
};

// Sum of squared errors of the histogram's values when they are coded in `range`. Zeros are exact and give none. Where
// the step is finer than a bin, values inside have the error of a uniform distribution, step^2 / 12.
double squared_error(std::span<const Bin> bins, double width, Range range, const Scheme& scheme) {
  const auto [scale, zero_point] = scale_and_zero_point(range, scheme);
  const auto [lowest, highest] = code_range(scheme);
  const double step = scale, fine = step * step / 12;
  const double low = static_cast<double>(lowest - zero_point), high = static_cast<double>(highest - zero_point);
  double sum = 0;
  for (const auto& [center, count] : bins) {
    const double code = std::nearbyint(center / step);
    const double error = center - step * std::min(std::max(code, low), high);
    const bool inside = code >= low && code <= high;
    sum += count * (inside && step < width ? fine : error * error);
  }
  return sum;
}

// Shortens the range in steps from the widest: both ends together, then each on its own, for as long as that helps.
Range least_error(const Statistic& seen, const Scheme& scheme, const Arguments& arguments) {
  const auto& histogram = seen.as<Histogram>();
  const SignedBins signed_histogram = signed_bins(histogram, Histogram::kBins);
  std::vector<Bin> bins;
  for (std::size_t i = 0; i < signed_histogram.counts.size(); ++i)
    if (const std::uint64_t count = signed_histogram.counts[i]; count != 0)
      bins.push_back({signed_histogram.edge(i) + signed_histogram.width / 2, static_cast<double>(count)});
  const Range whole = histogram.range();
  Range best = whole;
  double least = squared_error(bins, signed_histogram.width, whole, scheme);
  const auto steps = arguments.integer("steps");
  const double smallest = arguments.number("least");
  const auto search = [&](bool move_low, bool move_high) {
    const Range from = best;
    for (std::int64_t i = 0; i < steps; ++i) {
      const double share = 1 - (1 - smallest) * static_cast<double>(i) / static_cast<double>(steps - 1);
      const Range range{move_low ? static_cast<float>(whole.low * share) : from.low,
                        move_high ? static_cast<float>(whole.high * share) : from.high};
      const double error = squared_error(bins, signed_histogram.width, range, scheme);
      if (error >= least) continue;
      least = error;
      best = range;
    }
  };
  search(true, true);
  if (!scheme.symmetric)
    for (Range before{}; !(before == best);) {
      before = best;
      search(false, true);
      search(true, false);
    }
  return best;
}

}  // namespace

Observer mse_observer() {
  return {"mse", "the range with the least squared error of its codes", kParameters, {Histogram::kName}, least_error};
}

}  // namespace bw
