#include "measure/metrics/entries.h"

namespace bw {
namespace {

// {answers that are the float model's, answers that it gave}
Score score(const Outcome& outcome) {
  const Reference& reference = outcome.original->output;
  const bool comparable = same_size(outcome);
  Score score{};
  for (std::size_t i = 0; i < reference.answers.size(); ++i) {
    if (reference.answers[i] == kNoAnswer) continue;
    score[0] += comparable && outcome.answers[i * reference.answer_stride] == reference.answers[i];
    score[1] += 1;
  }
  return score;
}

}  // namespace

Metric agreement_metric() {
  return {.name = "agreement",
          .says = "share of answers that are the float model's own",
          .unit = Unit::Fraction,
          .needs_label = false,
          .needs_reference = true,
          .hit_or_miss = true,
          .score = score,
          .aggregate = ratio_of_sums};
}

}  // namespace bw
