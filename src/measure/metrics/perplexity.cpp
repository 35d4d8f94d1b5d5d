#include <cmath>
#include <limits>

#include "measure/metrics/entries.h"

namespace bw {
namespace {

// {sum of -ln P(next token), tokens}; infinite where the logits are no numbers.
Score score(const Outcome& outcome) {
  Score score{};
  for (const LabelledRow& row : labelled_rows(outcome)) {
    const std::size_t first = largest(row.logits);
    if (first == row.logits.size()) return {std::numeric_limits<double>::infinity(), 1};
    const double top = row.logits[first];
    double sum = 0;
    for (const float logit : row.logits) sum += std::exp(logit - top);
    score[0] += std::log(sum) + top - row.logits[static_cast<std::size_t>(row.label)];
    score[1] += 1;
  }
  return score;
}

double perplexity(std::span<const Score> scores, std::span<const std::uint32_t> picks) {
  return std::exp(ratio_of_sums(scores, picks));
}

}  // namespace

Metric perplexity_metric() {
  return {.name = "perplexity",
          .says = "exp of the mean surprise at the next token",
          .direction = Direction::Lower,
          .of_classes = true,
          .relative = true,
          .score = score,
          .aggregate = perplexity};
}

}  // namespace bw
