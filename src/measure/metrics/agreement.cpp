#include "base/error.h"
#include "measure/metrics/entries.h"

namespace bw {
namespace {

// {positions where the answer is the float model's, positions}
Score score(const Outcome& outcome) {
  const std::vector<std::int32_t>& classes = outcome.reference->classes;
  const std::size_t width = outcome.shape.empty() ? 1 : static_cast<std::size_t>(outcome.shape.back());
  if (classes.empty() || width * classes.size() > outcome.values.size())
    throw Error(InputClass::Data, "the output has another size than the float model's", outcome.sample.id);
  double equal = 0;
  for (std::size_t i = 0; i < classes.size(); ++i)
    equal += largest(outcome.values.subspan(i * width, width)) == static_cast<std::size_t>(classes[i]);
  return {equal, static_cast<double>(classes.size())};
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
