#include <algorithm>
#include <cmath>

#include "measure/metrics/entries.h"

namespace bw {
namespace {

// {energy of the float model's output, energy of the difference from it}, over the elements that are finite there. An
// output that is not, or that has another size, is wholly wrong: it differs by all of its energy at least.
Score score(const Outcome& outcome) {
  const Reference& reference = outcome.original->output;
  const bool comparable = same_size(outcome);
  bool whole = comparable;
  Score energy{};
  for (std::size_t i = 0; i < reference.elements.size(); ++i) {
    const double signal = reference.elements[i];
    if (!std::isfinite(signal)) continue;
    energy[0] += signal * signal;
    const double noise = comparable ? outcome.values[i * reference.stride] - signal : 0;
    whole = whole && std::isfinite(noise);
    if (std::isfinite(noise)) energy[1] += noise * noise;
  }
  return {energy[0], whole ? energy[1] : std::max(energy[0], energy[1])};
}

double decibels(std::span<const Score> scores, std::span<const std::uint32_t> picks) {
  return 10 * std::log10(ratio_of_sums(scores, picks));
}

}  // namespace

Metric sqnr_metric() {
  return {.name = "sqnr",
          .says = "energy of the float model's outputs over that of the difference from them, in decibels",
          .unit = Unit::Decibel,
          .needs_label = false,
          .needs_reference = true,
          .score = score,
          .aggregate = decibels};
}

}  // namespace bw
