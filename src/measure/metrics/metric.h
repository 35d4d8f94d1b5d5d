// Metrics: how good a model's outputs are. A metric is one file here and one line in the list of metrics.cpp.
//
// A metric turns each sample into a Score of two numbers, inside the worker, and a list of scores into its value, in
// the parent: so comparing two models is pairing their scores, and the bootstrap is aggregating resampled scores.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "measure/figure.h"
#include "measure/reference.h"
#include "tensor/tensor.h"

namespace bw {

using Score = std::array<double, 2>;

// What the float model gave for the sample.
struct Original {
  const Reference& output;
  const Channels& channels;
  std::span<const double> variances;  // by part of the channels
};

// One output of a model for one sample.
struct Outcome {
  const Sample& sample;
  std::span<const float> values;
  Shape shape;                            // with a batch axis of 1
  std::span<const std::int64_t> answers;  // of class scores and integers, as Reference has them
  bool integers = false;                  // the answers are the output's own elements
  std::span<const float> partner;         // the output for the second text of a pair, else empty
  Shape partner_shape;
  const Original* original = nullptr;
};

struct Metric {
  std::string_view name;  // "top1"
  std::string_view says;
  Direction direction = Direction::Higher;
  Unit unit = Unit::Score;
  bool needs_label = true, needs_reference = false;
  bool of_classes = false;   // the output's last axis holds a score for each class
  bool hit_or_miss = false;  // a score is {0 or 1, 1} for one answer a sample: McNemar's test applies
  bool relative = false;     // margins are shares of the float model's value, not points (perplexity)
  // Error(data) naming the sample when its label or the output does not fit the metric.
  Score (*score)(const Outcome& outcome);
  // Of the picked scores (picks may repeat).
  double (*aggregate)(std::span<const Score> scores, std::span<const std::uint32_t> picks);
};

std::span<const Metric> metrics();
const Metric& metric_named(std::string_view name);  // UsageError that lists the names

// --- what several metrics share
// ---------------------------------------------------------------------------------------

// Sum of first numbers over sum of second ones; NaN when the second is 0.
double ratio_of_sums(std::span<const Score> scores, std::span<const std::uint32_t> picks);

// The outputs as one row of classes for each position that counts, with the label there: positions that the sample's
// mask leaves out, and negative labels, do not count.
struct LabelledRow {
  std::span<const float> logits;
  std::int64_t label;
};
std::vector<LabelledRow> labelled_rows(const Outcome& outcome);

// Whether the output has as many elements as the float model's.
bool same_size(const Outcome& outcome);

// Position of the first largest; values.size() when there is a NaN.
std::size_t largest(std::span<const float> values);

// {right answers, answers}, where the label is among the k largest.
Score right_in_top(const Outcome& outcome, std::size_t k);

// {class answered, class of the label}, for a sample with one answer.
Score answer_and_label(const Outcome& outcome);

}  // namespace bw
