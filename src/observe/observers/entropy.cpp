#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

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

// What is summed over bins, of those that have values ("filled").
struct Sums {
  std::uint64_t count = 0, filled = 0;
  double count_log = 0, log = 0, inverse = 0;  // of count * ln count, ln count + 1 and 1 / count

  static Sums of(std::uint64_t count) {
    if (count == 0) return {};
    const auto number = static_cast<double>(count);
    return {count, 1, number * std::log(number), std::log(number) + 1, 1 / number};
  }
  Sums operator+(const Sums& other) const {
    return {count + other.count, filled + other.filled, count_log + other.count_log, log + other.log,
            inverse + other.inverse};
  }
  Sums operator-(const Sums& other) const {
    return {count - other.count, filled - other.filled, count_log - other.count_log, log - other.log,
            inverse - other.inverse};
  }
};

// The histogram cut to bins [start, end), what is outside added to the outermost bins.
struct Candidate {
  std::span<const std::uint64_t> inside;
  std::span<const Sums> before;  // of the bins inside: of all bins of the histogram before each, and behind the last
  std::uint64_t below, above;

  std::size_t size() const { return inside.size(); }
  std::uint64_t p(std::size_t i) const {
    return inside[i] + (i == 0 ? below : 0) + (i + 1 == inside.size() ? above : 0);
  }
  // Of bins [first, last), at least one.
  Sums sums(std::size_t first, std::size_t last) const {
    Sums sums = before[last] - before[first];
    for (const std::size_t outermost : {std::size_t{0}, size() - 1})
      if (first <= outermost && outermost < last && p(outermost) != inside[outermost])
        sums = sums - Sums::of(inside[outermost]) + Sums::of(p(outermost));
    return sums;
  }
};

// A distribution smoothed: `share` is what bins with values give up.
struct Smoothing {
  double share;

  static Smoothing of(std::size_t zeros, std::size_t size) {
    return {zeros == size ? 1 : kSmoothing * static_cast<double>(zeros) / static_cast<double>(size - zeros)};
  }
  bool possible() const { return share < 1; }
  double operator()(double count) const { return count == 0 ? kSmoothing : count - share; }
  // Of all those `bins` together.
  double operator()(const Sums& sums, std::size_t bins) const {
    const auto filled = static_cast<double>(sums.filled);
    return static_cast<double>(sums.count) - share * filled + kSmoothing * (static_cast<double>(bins) - filled);
  }
};

// A candidate p, and q: its bins merged into groups of `width` whose counts are dealt out again, as whole numbers, to
// all bins of the group by the number of those that p fills. The bins left over by the division count in the last group
// and are 0 in q, where they are a group of their own.
struct Merged {
  std::size_t width;
  std::vector<double> q;  // by group
  Smoothing smooth_p, smooth_q;

  bool possible() const { return smooth_p.possible() && smooth_q.possible(); }
};

Merged merged_into(std::size_t groups, const Candidate& candidate) {
  const std::size_t size = candidate.size(), width = size / groups;
  std::vector<double> q(groups + 1);
  std::size_t zeros = size - groups * width;
  for (std::size_t group = 0; group < groups; ++group) {
    const std::size_t first = group * width, last = group + 1 < groups ? first + width : size;
    const std::uint64_t sum = candidate.before[last].count - candidate.before[first].count;
    const std::uint64_t filled = candidate.sums(first, first + width).filled;
    q[group] = filled ? std::floor(static_cast<double>(sum) / static_cast<double>(filled)) : 0;
    if (q[group] == 0) zeros += width;
  }
  const std::size_t empty = size - candidate.sums(0, size).filled;
  return {width, std::move(q), Smoothing::of(empty, size), Smoothing::of(zeros, size)};
}

// onnxruntime's divergence of p from q,
// sum p / P ln((p / P) / (q / Q)) = (sum p (ln p - ln q)) / P - ln P + ln Q
double divergence(const Candidate& candidate, const Merged& merged) {
  double p_sum = 0, q_sum = 0, sum = 0;
  const double log_of_empty = std::log(kSmoothing);
  for (std::size_t group = 0; group < merged.q.size(); ++group) {
    const double shared = merged.smooth_q(merged.q[group]), log_q = std::log(shared);
    const std::size_t end = group + 1 < merged.q.size() ? (group + 1) * merged.width : candidate.size();
    for (std::size_t i = group * merged.width; i < end; ++i) {
      const auto count = static_cast<double>(candidate.p(i));
      const double p = merged.smooth_p(count);
      p_sum += p;
      q_sum += shared;
      sum += p * ((count == 0 ? log_of_empty : std::log(p)) - log_q);
    }
  }
  return sum / p_sum - std::log(p_sum) + std::log(q_sum);
}

struct Bounds {
  double low, high;
};

// Of divergence(), in a time that goes with the groups, not with the bins. With s the share that a filled bin gives up,
// its (c - s) ln(c - s) is c ln c - s (ln c + 1) + s^2 / 2c, and the rest of the series is below s^3 / 2 as c >= 1.
Bounds bounds_of(const Candidate& candidate, const Merged& merged) {
  constexpr double kRounding = 1e-9;  // far more than either's sums of some thousand terms are off
  const std::size_t size = candidate.size();
  const Sums all = candidate.sums(0, size);
  const double share = merged.smooth_p.share, p_sum = merged.smooth_p(all, size);
  double sum = all.count_log - share * all.log + share * share / 2 * all.inverse +
               static_cast<double>(size - all.filled) * kSmoothing * std::log(kSmoothing);
  double q_sum = 0;
  for (std::size_t group = 0; group < merged.q.size(); ++group) {
    const std::size_t begin = group * merged.width, end = group + 1 < merged.q.size() ? begin + merged.width : size;
    if (begin == end) continue;
    const double shared = merged.smooth_q(merged.q[group]);
    q_sum += static_cast<double>(end - begin) * shared;
    sum -= merged.smooth_p(candidate.sums(begin, end), end - begin) * std::log(shared);
  }
  const double found = sum / p_sum - std::log(p_sum) + std::log(q_sum);
  const double error = kRounding + share * share * share / 2 * static_cast<double>(all.filled) / p_sum;
  return {found - error, found + error};
}

// All candidates of a histogram: each has `half` bins below zero and one more above.
class Candidates {
 public:
  explicit Candidates(const SignedBins& bins) : bins_(bins), before_(bins.counts.size() + 1) {
    for (std::size_t i = 0; i < bins.counts.size(); ++i) before_[i + 1] = before_[i] + Sums::of(bins.counts[i]);
  }
  std::size_t start(std::size_t half) const { return bins_.side - half; }
  std::size_t end(std::size_t half) const { return std::min(bins_.side + half + 1, bins_.counts.size()); }
  Candidate with(std::size_t half) const {
    const std::size_t first = start(half), last = end(half);
    return {std::span(bins_.counts).subspan(first, last - first), std::span(before_).subspan(first, last - first + 1),
            before_[first].count, before_.back().count - before_[last].count};
  }

 private:
  const SignedBins& bins_;
  std::vector<Sums> before_;
};

// The range whose bins, merged into few, lose least of the distribution. Only candidates that may be the best by their
// bounds are looked at bin by bin.
Range least_divergence(const Statistic& seen, const Scheme&, const Arguments& arguments) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto& histogram = seen.as<Histogram>();
  const SignedBins bins = signed_bins(histogram, static_cast<std::size_t>(std::stoul(arguments.text("bins"))));
  const auto groups = static_cast<std::size_t>(arguments.integer("quantized_bins"));
  const Candidates candidates(bins);
  std::vector<Bounds> bounds(bins.side + 1, Bounds{kInfinity, kInfinity});
  double enough = kInfinity;
  for (std::size_t half = groups / 2; half <= bins.side; ++half) {
    const Candidate candidate = candidates.with(half);
    const Merged merged = merged_into(groups, candidate);
    if (merged.possible()) bounds[half] = bounds_of(candidate, merged);
    enough = std::min(enough, bounds[half].high);
  }
  Range best = histogram.range();
  double least = kInfinity;
  for (std::size_t half = groups / 2; half <= bins.side; ++half) {
    if (!(bounds[half].low <= enough) || bounds[half].low == kInfinity) continue;
    const Candidate candidate = candidates.with(half);
    const double found = divergence(candidate, merged_into(groups, candidate));
    if (!(found < least)) continue;
    least = found;
    best = {std::max(static_cast<float>(bins.edge(candidates.start(half))), histogram.range().low),
            std::min(static_cast<float>(bins.edge(candidates.end(half))), histogram.range().high)};
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
