#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "measure/metrics/entries.h"
#include "tensor/convert.h"

namespace bw {
namespace {

// The embedding of a text: the output itself, or its mean over positions when there is one for each.
std::vector<double> embedding(std::span<const float> values, const Shape& shape) {
  const std::size_t width = shape.empty() ? 1 : static_cast<std::size_t>(shape.back());
  std::vector<double> mean(width);
  for (std::size_t i = 0; i < values.size(); ++i) mean[i % width] += values[i];
  return mean;
}

double cosine(const std::vector<double>& a, const std::vector<double>& b) {
  const auto dot = [](const std::vector<double>& x, const std::vector<double>& y) {
    return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
  };
  const double lengths = std::sqrt(dot(a, a)) * std::sqrt(dot(b, b));
  return lengths > 0 ? dot(a, b) / lengths : 0;
}

// {what the model says, label}: the cosine of the two texts' embeddings, or the output itself where there is one text.
Score score(const Outcome& outcome) {
  const std::vector<double> label = to_doubles(outcome.sample.labels.at(0));
  if (label.size() != 1 || (outcome.partner.empty() && outcome.values.size() != 1))
    throw Error(InputClass::Data, "this metric wants one number a sample, or two texts", outcome.sample.id);
  if (outcome.partner.empty()) return {outcome.values[0], label[0]};
  return {cosine(embedding(outcome.values, outcome.shape), embedding(outcome.partner, outcome.partner_shape)),
          label[0]};
}

// Ranks from 1; equal ones share the mean of theirs.
std::vector<double> ranks(std::span<const Score> scores, std::span<const std::uint32_t> picks, std::size_t column) {
  std::vector<std::uint32_t> order(picks.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto value = [&](std::uint32_t i) { return scores[picks[i]][column]; };
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return value(a) < value(b); });
  std::vector<double> rank(picks.size());
  for (std::size_t begin = 0, end; begin < order.size(); begin = end) {
    for (end = begin + 1; end < order.size() && value(order[end]) == value(order[begin]); ++end) {
    }
    for (std::size_t i = begin; i < end; ++i) rank[order[i]] = (static_cast<double>(begin + end) + 1) / 2;
  }
  return rank;
}

// Pearson's correlation of the ranks (Spearman 1904); 0 where it is not defined.
double spearman(std::span<const Score> scores, std::span<const std::uint32_t> picks) {
  const std::vector<double> a = ranks(scores, picks, 0), b = ranks(scores, picks, 1);
  const double mean = (static_cast<double>(picks.size()) + 1) / 2;
  double both = 0, first = 0, second = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    both += (a[i] - mean) * (b[i] - mean);
    first += (a[i] - mean) * (a[i] - mean);
    second += (b[i] - mean) * (b[i] - mean);
  }
  return first > 0 && second > 0 ? both / std::sqrt(first * second) : 0;
}

}  // namespace

Metric spearman_metric() {
  return {.name = "spearman",
          .says = "rank correlation of the model's similarities (or outputs) with the labels",
          .score = score,
          .aggregate = spearman};
}

}  // namespace bw
