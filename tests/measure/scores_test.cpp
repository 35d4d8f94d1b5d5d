// Metrics of labels against scikit-learn, PyTorch and SciPy (tests/oracle/scores.py).
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/file.h"
#include "base/json.h"
#include "measure/evaluate.h"
#include "measure/metrics/metric.h"

namespace bw {
namespace {

using Catch::Approx;

const Json& golden() {
  static const Json json = parse_json(read_file(BW_GOLDEN "/measure/scores.json"), "scores.json");
  return json;
}

template <class T>
std::vector<T> list(const Json& json, const char* name) {
  return json.at(name).get<std::vector<T>>();
}

template <class T>
std::span<const T> part(const std::vector<T>& all, std::size_t index, std::size_t size) {
  return std::span(all).subspan(index * size, size);
}

double value(std::string_view metric, const std::vector<Score>& scores) {
  std::vector<std::uint32_t> picks(scores.size());
  std::iota(picks.begin(), picks.end(), 0u);
  return metric_named(metric).aggregate(scores, picks);
}

// A sample of labels at one or more positions, each with logits.
double of_classes(const std::string& metric, const Json& json) {
  const auto classes = json.at("classes").get<std::size_t>(), positions = json.at("positions").get<std::size_t>();
  const auto logits = list<float>(json, "logits");
  const auto labels = list<std::int64_t>(json, "labels");
  const auto mask = json.contains("mask") ? list<bool>(json, "mask") : std::vector<bool>();
  std::vector<Score> scores;
  for (std::size_t i = 0; i < labels.size() / positions; ++i) {
    Sample sample;
    const Shape shape{static_cast<std::int64_t>(positions)};
    sample.labels = {Tensor::of<std::int64_t>(shape, part(labels, i, positions))};
    if (!mask.empty())
      sample.mask = Tensor::fill<bool>(shape, [&](std::span<bool> out) {
        for (std::size_t k = 0; k < positions; ++k) out[k] = mask[i * positions + k];
      });
    scores.push_back(metric_named(metric).score({.sample = sample,
                                                 .values = part(logits, i, positions * classes),
                                                 .shape = {1, shape[0], static_cast<std::int64_t>(classes)},
                                                 .answers = {},
                                                 .partner = {},
                                                 .partner_shape = {}}));
  }
  return value(metric, scores);
}

void check_all(const Json& rows) {
  for (const Json& row : rows)
    for (const auto& [metric, wanted] : row.at("figures").items()) {
      INFO(metric << " of " << row.at("classes") << " classes at " << row.at("positions") << " positions");
      CHECK(of_classes(metric, row) == Approx(wanted.get<double>()).epsilon(1e-6));
    }
}

std::vector<Score> score_of(std::initializer_list<float> logits, std::int64_t label, std::string_view metric) {
  Sample sample;
  sample.labels = {Tensor::of<std::int64_t>({1}, std::span<const std::int64_t>(&label, 1))};
  const std::vector<float> values(logits);
  return {metric_named(metric).score({.sample = sample,
                                      .values = values,
                                      .shape = {1, std::ssize(values)},
                                      .answers = {},
                                      .partner = {},
                                      .partner_shape = {}})};
}

}  // namespace

TEST_CASE("accuracy, top 5, F1 and MCC of two, four and ten classes are scikit-learn's") {
  check_all(golden().at("classification"));
}

TEST_CASE("perplexity is PyTorch's, over the positions that count, also of large logits") {
  check_all(golden().at("tokens"));
}

TEST_CASE("the rank correlation of embeddings' cosines is SciPy's") {
  const Json& json = golden().at("similarity");
  const auto positions = json.at("positions").get<std::size_t>(), width = json.at("width").get<std::size_t>();
  const auto first = list<float>(json, "first"), second = list<float>(json, "second"),
             labels = list<float>(json, "labels");
  const Shape shape{1, static_cast<std::int64_t>(positions), static_cast<std::int64_t>(width)};
  std::vector<Score> scores;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    Sample sample;
    sample.labels = {Tensor::of<float>({1}, part(labels, i, 1))};
    scores.push_back(metric_named("spearman")
                         .score({.sample = sample,
                                 .values = part(first, i, positions * width),
                                 .shape = shape,
                                 .answers = {},
                                 .partner = part(second, i, positions * width),
                                 .partner_shape = shape}));
  }
  CHECK(value("spearman", scores) == Approx(json.at("figures").at("spearman").get<double>()).epsilon(1e-9));
}

TEST_CASE("the mean absolute error is scikit-learn's") {
  const Json& json = golden().at("regression");
  const auto width = json.at("width").get<std::size_t>();
  const auto outputs = list<float>(json, "outputs"), labels = list<float>(json, "labels");
  std::vector<Score> scores;
  for (std::size_t i = 0; i < labels.size() / width; ++i) {
    Sample sample;
    sample.labels = {Tensor::of<float>({static_cast<std::int64_t>(width)}, part(labels, i, width))};
    scores.push_back(metric_named("mae").score({.sample = sample,
                                                .values = part(outputs, i, width),
                                                .shape = {1, static_cast<std::int64_t>(width)},
                                                .answers = {},
                                                .partner = {},
                                                .partner_shape = {}}));
  }
  CHECK(value("mae", scores) == Approx(json.at("figures").at("mae").get<double>()).epsilon(1e-6));
}

TEST_CASE("logits beyond what an exponential holds have a surprise all the same") {
  CHECK(score_of({1000, 999}, 0, "perplexity")[0][0] == Approx(std::log(1 + std::exp(-1.0))));
  CHECK(score_of({-1000, -1001}, 1, "perplexity")[0][0] == Approx(1 + std::log(1 + std::exp(-1.0))));
}

TEST_CASE("of equal scores those that stand before the label come before it") {
  CHECK(score_of({1, 1, 0}, 0, "top1")[0] == Score{1, 1});
  CHECK(score_of({1, 1, 0}, 1, "top1")[0] == Score{0, 1});
  CHECK(score_of({1, 1, 1, 1, 1, 1}, 4, "top5")[0] == Score{1, 1});
  CHECK(score_of({1, 1, 1, 1, 1, 1}, 5, "top5")[0] == Score{0, 1});
}

TEST_CASE("of which way is better, and whether margins are shares, each metric says") {
  for (const Metric& metric : metrics()) {
    INFO(metric.name);
    const bool error = metric.name == "perplexity" || metric.name == "mae";
    CHECK((metric.direction == Direction::Lower) == error);
    CHECK(metric.relative == error);
    CHECK(metric.hit_or_miss ==
          (metric.name == "accuracy" || metric.name == "top1" || metric.name == "top5" || metric.name == "agreement"));
    CHECK(metric.needs_reference == (metric.name == "agreement" || metric.name == "sqnr" || metric.name == "fidelity"));
  }
}

TEST_CASE("margins of perplexity are shares of the float model's, those of fractions are points") {
  // Every sample surprises alike, so that the interval is one number: 0.2 % more, then 0.4 %.
  const auto verdict = [](double before, double after) {
    const std::vector<Score> original(50, {std::log(before), 1}), quantized(50, {std::log(after), 1});
    return compare(metric_named("perplexity"), original, quantized, 1);
  };
  const MetricChange same = verdict(200, 200);
  CHECK(same.verdict == Verdict::Same);
  CHECK(same.at_least_as_good);
  CHECK_FALSE(same.mcnemar);
  // 0.15 more of 200 is less than a thousandth, of 20 it is more.
  CHECK(verdict(200, 200.15).at_least_as_good);
  CHECK_FALSE(verdict(20, 20.15).at_least_as_good);
  CHECK(verdict(20, 19).verdict == Verdict::Better);
  CHECK(verdict(20, 21).verdict == Verdict::Worse);
  CHECK(*verdict(20, 21).difference.value == Approx(1));
}

}  // namespace bw
