#include <cmath>
#include <limits>

#include "base/error.h"
#include "measure/metrics/entries.h"

namespace bw {
namespace {

// {energy of the float model's output, energy of the difference from it}, over the elements that are finite there; the
// difference is infinite where the other model's are not.
Score score(const Outcome& outcome) {
  const Reference& reference = *outcome.reference;
  if (outcome.values.empty() || (outcome.values.size() - 1) / reference.stride + 1 != reference.elements.size())
    throw Error(InputClass::Data, "the output has another size than the float model's", outcome.sample.id);
  Score energy{};
  for (std::size_t i = 0; i < reference.elements.size(); ++i) {
    const double signal = reference.elements[i], noise = outcome.values[i * reference.stride] - signal;
    if (!std::isfinite(signal)) continue;
    if (!std::isfinite(noise)) return {energy[0], std::numeric_limits<double>::infinity()};
    energy[0] += signal * signal;
    energy[1] += noise * noise;
  }
  return energy;
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
