#include "measure/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/parallel.h"
#include "base/random.h"

namespace bw {
namespace {

constexpr double kNormal95 = 1.959963984540054;
constexpr std::size_t kResamples = 10'000;
constexpr std::size_t kGrain = 100;  // resamples that share one stream of random numbers

Interval percentiles(std::vector<double> statistics) {
  std::sort(statistics.begin(), statistics.end());
  return {quantile(statistics, 0.025), quantile(statistics, 0.975)};
}

// Fills statistics[i] = draw(random) with a stream of random numbers for each kGrain of them.
template <class Draw>
std::vector<double> resample(std::size_t resamples, std::uint64_t seed, const Draw& make_draw) {
  std::vector<double> statistics(resamples);
  parallel_for(resamples, kGrain, [&](std::size_t begin, std::size_t end) {
    Random random(seed * 0x9e3779b97f4a7c15u + begin);
    auto draw = make_draw();
    for (std::size_t i = begin; i < end; ++i) statistics[i] = draw(random);
  });
  return statistics;
}

double sorted_quantile(const std::vector<double>& sorted, double p) {
  const double place = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

double quantile(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  return sorted_quantile(values, p);
}
double median(std::vector<double> values) {
  return quantile(std::move(values), 0.5);
}

Figure quantile_figure(std::vector<double> values, double p, Unit unit) {
  std::sort(values.begin(), values.end());
  const double n = static_cast<double>(values.size()), spread = kNormal95 * std::sqrt(n * p * (1 - p));
  const auto at = [&](double rank) { return values[static_cast<std::size_t>(std::clamp(rank, 0.0, n - 1))]; };
  return {sorted_quantile(values, p),
          Interval{at(std::floor(n * p - spread)), at(std::ceil(n * p + spread))},
          values.size(),
          unit,
          {}};
}

Figure share_figure(std::uint64_t successes, std::uint64_t count) {
  if (count == 0) return missing_figure(Unit::Fraction, "There are no samples.");
  const double n = static_cast<double>(count), share = static_cast<double>(successes) / n, z2 = kNormal95 * kNormal95;
  const double middle = (share + z2 / (2 * n)) / (1 + z2 / n);
  const double half = kNormal95 / (1 + z2 / n) * std::sqrt(share * (1 - share) / n + z2 / (4 * n * n));
  return {share, Interval{std::max(0.0, middle - half), std::min(1.0, middle + half)}, count, Unit::Fraction, {}};
}

namespace {

// std::lgamma leaves the sign in a variable of the process, which is a race between threads.
double log_gamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

}  // namespace

McNemarTest mcnemar(std::uint64_t b, std::uint64_t c) {
  const double n = static_cast<double>(b + c);
  const std::uint64_t fewer = std::min(b, c);
  const auto probability = [&](std::uint64_t k) {
    const double x = static_cast<double>(k);
    return std::exp(log_gamma(n + 1) - log_gamma(x + 1) - log_gamma(n - x + 1) - n * std::log(2.0));
  };
  double tail = 0;
  for (std::uint64_t k = 0; k <= fewer; ++k) tail += probability(k);
  return {b, c, std::min(1.0, 2 * tail), std::min(1.0, 2 * tail - probability(fewer))};
}

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, std::min(1.0, static_cast<double>(order.size() - i) * p_values[order[i]]));
    adjusted[order[i]] = largest;
  }
  return adjusted;
}

std::size_t resamples_for(std::size_t count) {
  constexpr std::size_t kDraws = 100'000'000, kLeast = 1000;
  return std::clamp(kDraws / std::max<std::size_t>(count, 1), kLeast, kResamples);
}

Interval bootstrap(std::size_t count, std::uint64_t seed,
                   const std::function<double(std::span<const std::uint32_t>)>& statistic) {
  return percentiles(resample(resamples_for(count), seed, [&] {
    return [&, picks = std::vector<std::uint32_t>(count)](Random& random) mutable {
      for (std::uint32_t& pick : picks) pick = static_cast<std::uint32_t>(random.below(count));
      return statistic(picks);
    };
  }));
}

double student_quantile(std::size_t freedom) {
  static constexpr std::array kT{12.706205, 4.302653, 3.182446, 2.776445, 2.570582,
                                 2.446912,  2.364624, 2.306004, 2.262157, 2.228139};
  if (freedom == 0) return std::numeric_limits<double>::infinity();
  if (freedom <= kT.size()) return kT[freedom - 1];
  const double n = static_cast<double>(freedom), z = kNormal95, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
  return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n);
}

double student_half_width(std::span<const double> values) {
  if (values.size() < 2) return 0;
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return student_quantile(values.size() - 1) * std::sqrt(squares / (n - 1) / n);
}

}  // namespace bw
