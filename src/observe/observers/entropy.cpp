#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "observe/observers/entries.h"
#include "observe/observers/signed_bins.h"

namespace bw {
namespace {

constexpr std::array kParameters{
    Parameter{"bins", Parameter::Type::Choice, "2048", "bins a side of the histogram that is searched", 0, 0,
              "512|1024|2048|4096"},
    Parameter{"quantized_bins", Parameter::Type::Integer, "128", "bins that a candidate is merged into", 16, 1024},
};
constexpr double kSmoothing = 1e-4;  // what a bin without values gets, taken from the others

// The histogram cut to bins [start, end), what is outside added to the outermost bins.
struct Candidate {
  std::span<const std::uint64_t> inside;
  std::uint64_t below, above;

  double p(std::size_t i) const {
    return static_cast<double>(inside[i] + (i == 0 ? below : 0) + (i + 1 == inside.size() ? above : 0));
  }
};

// Both distributions smoothed: `share` is what bins with values give up.
struct Smoothing {
  double share;

  static Smoothing of(std::size_t zeros, std::size_t size) {
    return {zeros == size ? 1 : kSmoothing * static_cast<double>(zeros) / static_cast<double>(size - zeros)};
  }
  bool possible() const { return share < 1; }
  double operator()(double count) const { return count == 0 ? kSmoothing : count - share; }
};

// onnxruntime's divergence of a candidate p from q, its bins merged into `merged` groups whose counts are dealt out
// again, as whole numbers, to all bins of the group by the number of those that p fills. The bins left over by the
// division count in the last group and are 0 in q.
double divergence(const Candidate& candidate, std::size_t merged) {
  const std::size_t size = candidate.inside.size(), width = size / merged;
  std::vector<double> q(merged);
  std::size_t zeros_of_p = 0, zeros_of_q = size - merged * width;
  for (std::size_t i = 0; i < size; ++i) zeros_of_p += candidate.p(i) == 0;
  for (std::size_t group = 0; group < merged; ++group) {
    const std::size_t first = group * width, last = group + 1 < merged ? first + width : size;
    const auto counts = candidate.inside.subspan(first, last - first);
    const auto sum = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    std::uint64_t filled = 0;
    for (std::size_t i = first; i < first + width; ++i) filled += candidate.p(i) != 0;
    q[group] = filled ? std::floor(static_cast<double>(sum) / static_cast<double>(filled)) : 0;
    if (q[group] == 0) zeros_of_q += width;
  }
  const Smoothing smooth_p = Smoothing::of(zeros_of_p, size), smooth_q = Smoothing::of(zeros_of_q, size);
  if (!smooth_p.possible() || !smooth_q.possible()) return std::numeric_limits<double>::infinity();
  // sum p / P ln((p / P) / (q / Q)) = (sum p (ln p - ln q)) / P - ln P + ln Q
  double p_sum = 0, q_sum = 0, sum = 0;
  const double log_of_empty = std::log(kSmoothing);
  for (std::size_t group = 0; group <= merged; ++group) {
    const double shared = smooth_q(group < merged ? q[group] : 0), log_q = std::log(shared);
    const std::size_t end = group < merged ? (group + 1) * width : size;
    for (std::size_t i = group * width; i < end; ++i) {
      const double count = candidate.p(i), p = smooth_p(count);
      p_sum += p;
      q_sum += shared;
      sum += p * ((count == 0 ? log_of_empty : std::log(p)) - log_q);
    }
  }
  return sum / p_sum - std::log(p_sum) + std::log(q_sum);
}

// The range whose bins, merged into few, lose least of the distribution.
Range least_divergence(const Statistic& seen, const Scheme&, const Arguments& arguments) {
  const auto& histogram = seen.as<Histogram>();
  const SignedBins bins = signed_bins(histogram, static_cast<std::size_t>(std::stoul(arguments.text("bins"))));
  const auto merged = static_cast<std::size_t>(arguments.integer("quantized_bins"));
  const std::span<const std::uint64_t> counts(bins.counts);
  std::vector<std::uint64_t> before(counts.size() + 1);
  std::partial_sum(counts.begin(), counts.end(), before.begin() + 1);
  Range best = histogram.range();
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t half = merged / 2; half <= bins.side; ++half) {
    const std::size_t start = bins.side - half, end = std::min(bins.side + half + 1, counts.size());
    const double found =
        divergence({counts.subspan(start, end - start), before[start], before.back() - before[end]}, merged);
    if (!(found < least)) continue;
    least = found;
    best = {std::max(static_cast<float>(bins.edge(start)), histogram.range().low),
            std::min(static_cast<float>(bins.edge(end)), histogram.range().high)};
  }
  return best;
}

}  // namespace

Observer entropy_observer() {
  return {"entropy",
          "the range whose codes lose least information (Kullback-Leibler divergence)",
          kParameters,
          {Histogram::kName},
          least_divergence};
}

}  // namespace bw
