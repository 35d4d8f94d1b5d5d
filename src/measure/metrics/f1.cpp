#include "measure/metrics/entries.h"

namespace bw {
namespace {

// Mean over the classes that occur of 2 TP / (2 TP + FP + FN): F1 of each class, macro-averaged. With two classes, the
// F1 of class 1 alone, as is usual.
double f1(std::span<const Score> scores, std::span<const std::uint32_t> picks) {
  struct Counts {
    double right = 0, answered = 0, labelled = 0;
  };
  std::vector<Counts> classes(2);
  const auto at = [&](double number) -> Counts& {
    const auto index = static_cast<std::size_t>(number);
    if (index >= classes.size()) classes.resize(index + 1);
    return classes[index];
  };
  for (const std::uint32_t pick : picks) {
    const auto [answer, label] = scores[pick];
    at(answer).answered += 1;
    at(label).labelled += 1;
    if (answer == label) at(label).right += 1;
  }
  const auto of = [](const Counts& c) {
    return c.answered + c.labelled > 0 ? 2 * c.right / (c.answered + c.labelled) : 0;
  };
  if (classes.size() == 2) return of(classes[1]);
  double sum = 0, occurring = 0;
  for (const Counts& counts : classes)
    if (counts.answered + counts.labelled > 0) {
      sum += of(counts);
      occurring += 1;
    }
  return sum / occurring;
}

}  // namespace

Metric f1_metric() {
  return {.name = "f1",
          .says = "harmonic mean of precision and recall: of class 1 when there are two, else the mean over classes",
          .unit = Unit::Fraction,
          .of_classes = true,
          .score = answer_and_label,
          .aggregate = f1};
}

}  // namespace bw
