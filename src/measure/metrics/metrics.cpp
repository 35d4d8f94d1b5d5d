#include <algorithm>
#include <array>
#include <cmath>

#include "base/names.h"
#include "measure/metrics/entries.h"
#include "tensor/convert.h"

namespace bw {

std::span<const Metric> metrics() {
  static const std::array kMetrics{
      accuracy_metric(),   agreement_metric(), f1_metric(),   fidelity_metric(), mae_metric(),  mcc_metric(),
      perplexity_metric(), spearman_metric(),  sqnr_metric(), top1_metric(),     top5_metric(),
  };
  return kMetrics;
}

const Metric& metric_named(std::string_view name) {
  return entry_named("metric", name, metrics());
}

double ratio_of_sums(std::span<const Score> scores, std::span<const std::uint32_t> picks) {
  double above = 0, below = 0;
  for (const std::uint32_t pick : picks) {
    above += scores[pick][0];
    below += scores[pick][1];
  }
  return above / below;
}

std::size_t largest(std::span<const float> values) {
  if (std::any_of(values.begin(), values.end(), [](float value) { return std::isnan(value); })) return values.size();
  return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

std::vector<LabelledRow> labelled_rows(const Outcome& outcome) {
  const std::vector<std::int64_t> labels = to_int64s(outcome.sample.labels.at(0));
  const std::size_t classes = outcome.shape.empty() ? 0 : static_cast<std::size_t>(outcome.shape.back());
  if (classes == 0 || outcome.values.size() != classes * labels.size())
    throw Error(InputClass::Data,
                "the model gives " + to_string(outcome.shape) + " for " + std::to_string(labels.size()) + " labels",
                outcome.sample.id);
  const bool masked = outcome.sample.mask && outcome.sample.mask.size() == labels.size();
  std::vector<LabelledRow> rows;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || (masked && !outcome.sample.mask.data<bool>()[i])) continue;
    if (labels[i] >= static_cast<std::int64_t>(classes))
      throw Error(
          InputClass::Data,
          "label " + std::to_string(labels[i]) + " is not among the model's " + std::to_string(classes) + " classes",
          outcome.sample.id);
    rows.push_back({outcome.values.subspan(i * classes, classes), labels[i]});
  }
  return rows;
}

bool same_size(const Outcome& outcome) {
  return outcome.values.size() == element_count(outcome.original->output.shape);
}

namespace {

// Classes that the model names itself, a label each.
Score right_answers(const Outcome& outcome) {
  const std::vector<std::int64_t> labels = to_int64s(outcome.sample.labels.at(0));
  if (labels.size() != outcome.answers.size())
    throw Error(InputClass::Data,
                "the model gives " + to_string(outcome.shape) + " for " + std::to_string(labels.size()) + " labels",
                outcome.sample.id);
  Score score{};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    score[0] += outcome.answers[i] == labels[i];
    score[1] += 1;
  }
  return score;
}

}  // namespace

Score right_in_top(const Outcome& outcome, std::size_t k) {
  if (outcome.integers) return right_answers(outcome);
  Score score{};
  for (const LabelledRow& row : labelled_rows(outcome)) {
    const auto label = static_cast<std::size_t>(row.label);
    // How many come before the label: all that are not smaller, of equal ones those that stand before it. NaN is never
    // smaller, so an answer that is none is never right.
    std::size_t before = 0;
    for (std::size_t i = 0; i < row.logits.size(); ++i) {
      const bool smaller = row.logits[i] < row.logits[label], equal = row.logits[i] == row.logits[label];
      before += !smaller && !(equal && i >= label);
    }
    score[0] += before < k && !std::isnan(row.logits[label]);
    score[1] += 1;
  }
  return score;
}

Score answer_and_label(const Outcome& outcome) {
  if (outcome.integers && outcome.answers.size() == 1)
    return {static_cast<double>(outcome.answers[0]), static_cast<double>(to_int64s(outcome.sample.labels.at(0)).at(0))};
  const std::vector<LabelledRow> rows = labelled_rows(outcome);
  if (rows.size() != 1) throw Error(InputClass::Data, "this metric wants one label a sample", outcome.sample.id);
  return {static_cast<double>(largest(rows[0].logits)), static_cast<double>(rows[0].label)};
}

}  // namespace bw
