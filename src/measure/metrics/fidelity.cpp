#include <algorithm>
#include <cmath>

#include "measure/metrics/entries.h"

namespace bw {
namespace {

struct SquaredError {
  double sum = 0, count = 0;
  bool lost = false;  // an element is not finite where the float model's is
};

std::vector<SquaredError> errors_by_part(const Outcome& outcome) {
  const Reference& reference = outcome.original->output;
  const ChannelMap map(outcome.original->channels, reference.shape);
  std::vector<SquaredError> parts(outcome.original->channels.part_count());
  for (std::size_t i = 0; i < reference.elements.size(); ++i) {
    if (!std::isfinite(reference.elements[i])) continue;
    const std::size_t at = i * reference.stride;
    const double error = static_cast<double>(outcome.values[at]) - reference.elements[i];
    SquaredError& part = parts[map.part(map.channel(at))];
    part.count += 1;
    if (std::isfinite(error))
      part.sum += error * error;
    else
      part.lost = true;
  }
  return parts;
}

// The mean square error as a share of the variance; 1 where all is lost.
double share_of(const SquaredError& error, double variance) {
  const double mean = error.count > 0 ? error.sum / error.count : 0;
  const double share = variance > 0 ? mean / variance : static_cast<double>(mean > 0);
  return error.lost ? std::max(share, 1.0) : share;
}

// {sum over the parts of the mean square error in it as a share of the part's variance, parts}
Score score(const Outcome& outcome) {
  const std::span<const double> variances = outcome.original->variances;
  const auto count = static_cast<double>(variances.size());
  if (!same_size(outcome)) return {count, count};
  const std::vector<SquaredError> parts = errors_by_part(outcome);
  Score score{0, count};
  for (std::size_t i = 0; i < variances.size(); ++i) score[0] += share_of(parts[i], variances[i]);
  return score;
}

double kept(std::span<const Score> scores, std::span<const std::uint32_t> picks) {
  return std::max(0.0, 1 - std::sqrt(ratio_of_sums(scores, picks)));
}

}  // namespace

Metric fidelity_metric() {
  return {.name = "fidelity",
          .says =
              "1 less the error of the output relative to its own spread (root mean square, each part of its last "
              "concatenation by its own spread); 0 where the error is as large",
          .unit = Unit::Fraction,
          .needs_label = false,
          .needs_reference = true,
          .score = score,
          .aggregate = kept};
}

}  // namespace bw
