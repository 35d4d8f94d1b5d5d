#include <algorithm>
#include <cmath>

#include "measure/metrics/entries.h"

namespace bw {
namespace {

// Matthews correlation coefficient for any number of classes (Gorodkin 2004); 0 where it is not defined.
double mcc(std::span<const Score> scores, std::span<const std::uint32_t> picks) {
  std::vector<double> answered, labelled;
  const auto count = [](std::vector<double>& counts, double number) {
    const auto index = static_cast<std::size_t>(number);
    if (index >= counts.size()) counts.resize(index + 1);
    counts[index] += 1;
  };
  double right = 0;
  for (const std::uint32_t pick : picks) {
    const auto [answer, label] = scores[pick];
    count(answered, answer);
    count(labelled, label);
    right += answer == label;
  }
  answered.resize(std::max(answered.size(), labelled.size()));
  labelled.resize(answered.size());
  const double n = static_cast<double>(picks.size());
  double both = 0, answers = 0, labels = 0;
  for (std::size_t k = 0; k < answered.size(); ++k) {
    both += answered[k] * labelled[k];
    answers += answered[k] * answered[k];
    labels += labelled[k] * labelled[k];
  }
  const double below = std::sqrt(n * n - answers) * std::sqrt(n * n - labels);
  return below > 0 ? (right * n - both) / below : 0;
}

}  // namespace

Metric mcc_metric() {
  return {.name = "mcc",
          .says = "Matthews correlation coefficient: 1 is perfect, 0 is chance",
          .of_classes = true,
          .score = answer_and_label,
          .aggregate = mcc};
}

}  // namespace bw
