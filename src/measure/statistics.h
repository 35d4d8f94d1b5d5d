// Statistics for paired comparisons. Random ones depend on the seed alone, not on threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "measure/figure.h"

namespace bw {

// Quantile with linear interpolation between order statistics (Hyndman and Fan 1996, type 7; NumPy's default).
// `values` must not be empty; 0 <= p <= 1.
double quantile(std::vector<double> values, double p);
double median(std::vector<double> values);

// A quantile with its 95 % interval from order statistics: ranks n*p -+ 1.96 sqrt(n*p*(1-p)) (Conover 1999,
// section 3.2).
Figure quantile_figure(std::vector<double> values, double p, Unit unit);

// Share of successes with Wilson's 95 % score interval (Wilson 1927).
Figure share_figure(std::uint64_t successes, std::uint64_t count);

// McNemar's test on paired hits and misses: b samples only the first has right, c only the second.
struct McNemarTest {
  std::uint64_t b = 0, c = 0;
  double p = 1;      // two-sided exact: min(1, 2 P(Bin(b + c, 1/2) <= min(b, c)))
  double mid_p = 1;  // the same less the probability of what was seen (Fagerland, Lydersen and Laake 2013)
};
McNemarTest mcnemar(std::uint64_t b, std::uint64_t c);

// P-values adjusted for making them all at once (Holm 1979), in the order given.
std::vector<double> holm(std::span<const double> p_values);

// How many resamples are drawn for `count` items: 10^4, fewer (not below 1000) where that is more than 10^8 draws.
std::size_t resamples_for(std::size_t count);

// Percentile bootstrap (Efron 1979): `statistic` of `resamples` draws of `count` indices with replacement. 95 %
// interval.
Interval bootstrap(std::size_t count, std::uint64_t seed,
                   const std::function<double(std::span<const std::uint32_t>)>& statistic);

// The 97.5 % quantile of Student's t: tabulated for up to 10 degrees of freedom, beyond by the expansion of Abramowitz
// and Stegun (1964), 26.7.5.
double student_quantile(std::size_t freedom);

// Half width of the 95 % interval of the mean of a few independent numbers (Student 1908). 0 for fewer than two.
double student_half_width(std::span<const double> values);

}  // namespace bw
