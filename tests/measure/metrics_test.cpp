// Metrics against values made by numpy (tests/oracle/metrics.py), and what NaN and other sizes do to them.
#include "measure/metrics/metric.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/file.h"
#include "base/json.h"

namespace bw {
namespace {

using Catch::Approx;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinite = std::numeric_limits<float>::infinity();
constexpr std::size_t kAll = 1000;  // elements kept of a sample: more than there are

const Json& golden() {
  static const Json json = parse_json(read_file(BW_GOLDEN "/measure/metrics.json"), "metrics.json");
  return json;
}

std::vector<std::int64_t> classes_of(std::span<const float> row) {
  const std::size_t first = largest(row);
  return {first < row.size() ? static_cast<std::int64_t>(first) : kNoAnswer};
}

// Samples of one shape (with a batch axis of 1), of a float model and of another one.
struct Pair {
  Shape shape;
  Channels channels;
  std::vector<std::vector<float>> before, after;
  std::size_t most = kAll;

  Pair(Shape all, std::vector<float> old, std::vector<float> other, Channels of = {}) : channels(std::move(of)) {
    shape.assign(all.begin(), all.end());
    shape[0] = 1;
    const auto each = static_cast<std::ptrdiff_t>(element_count(shape));
    for (std::ptrdiff_t i = 0; i < all[0]; ++i) {
      before.emplace_back(old.begin() + i * each, old.begin() + (i + 1) * each);
      after.emplace_back(other.begin() + i * each, other.begin() + (i + 1) * each);
    }
  }

  double value(std::string_view name) const {
    const std::vector<Score> all = scores(name);
    std::vector<std::uint32_t> picks(all.size());
    std::iota(picks.begin(), picks.end(), 0u);
    return metric_named(name).aggregate(all, picks);
  }
  std::vector<Score> scores(std::string_view name) const {
    std::vector<Reference> references;
    for (const auto& values : before) references.push_back(reference_of(shape, values, classes_of(values), most));
    const std::vector<double> variances = variances_of(references, channels);
    std::vector<Score> list;
    for (std::size_t i = 0; i < after.size(); ++i) {
      const Original original{references[i], channels, variances};
      const Sample sample;
      const std::vector<std::int64_t> answers = classes_of(after[i]);
      list.push_back(metric_named(name).score({.sample = sample,
                                               .values = after[i],
                                               .shape = shape,
                                               .answers = answers,
                                               .partner = {},
                                               .partner_shape = {},
                                               .original = &original}));
    }
    return list;
  }
};

Pair pair_of(const Json& json) {
  const auto floats = [&](const char* name) { return json.at(name).get<std::vector<float>>(); };
  Channels channels{.axis = 1, .parts = json.value("parts", std::vector<std::int64_t>{})};
  return {json.at("shape").get<Shape>(), floats("before"), floats("after"), channels};
}

double labelled(std::string_view name, const Json& json, const Tensor& labels, const char* outputs) {
  const auto values = json.at(outputs).get<std::vector<float>>();
  const Shape all = json.at("shape").get<Shape>();
  const auto width = static_cast<std::size_t>(all[1]), count = static_cast<std::size_t>(all[0]);
  const std::size_t of_label = labels.size() / count;
  std::vector<Score> scores;
  std::vector<std::uint32_t> picks;
  for (std::size_t i = 0; i < count; ++i) {
    Sample sample;
    const auto bytes = labels.bytes().subspan(i * labels.bytes().size() / count, labels.bytes().size() / count);
    sample.labels = {Tensor::copy(labels.dtype(), {static_cast<std::int64_t>(of_label)}, bytes)};
    scores.push_back(metric_named(name).score({.sample = sample,
                                               .values = std::span(values).subspan(i * width, width),
                                               .shape = {1, all[1]},
                                               .answers = {},
                                               .partner = {},
                                               .partner_shape = {}}));
    picks.push_back(static_cast<std::uint32_t>(i));
  }
  return metric_named(name).aggregate(scores, picks);
}

TEST_CASE("fidelity and SQNR are NumPy's") {
  for (const Json& row : golden().at("numbers")) {
    INFO(row.at("name").get<std::string>());
    CHECK(pair_of(row).value("fidelity") == Approx(row.at("fidelity").get<double>()).epsilon(1e-5).margin(1e-7));
    CHECK(pair_of(row).value("sqnr") == Approx(row.at("sqnr").get<double>()).epsilon(1e-6));
  }
}

TEST_CASE("scores that are lost beside large boxes are not hidden by them") {
  const Json rows = golden().at("numbers");
  CHECK(pair_of(rows[2]).value("fidelity") > 0.95);  // one spread for all: 40 dB of boxes drown them
  CHECK(pair_of(rows[3]).value("fidelity") < 0.5);
}

TEST_CASE("accuracy, perplexity and mean absolute error are NumPy's") {
  const Json json = golden().at("classes");
  const auto numbers = json.at("labels").get<std::vector<std::int64_t>>();
  const Tensor labels = Tensor::of<std::int64_t>({std::ssize(numbers)}, numbers);
  for (const char* name : {"top1", "top5", "perplexity"})
    CHECK(labelled(name, json, labels, "after") == Approx(json.at(name).get<double>()).epsilon(1e-5));
  CHECK(labelled("accuracy", json, labels, "after") == Approx(json.at("top1").get<double>()));
  CHECK(pair_of(json).value("agreement") == Approx(json.at("agreement").get<double>()));
  const Json other = golden().at("regression");
  const auto targets = other.at("labels").get<std::vector<float>>();
  CHECK(labelled("mae", other, Tensor::of<float>({std::ssize(targets)}, targets), "outputs") ==
        Approx(other.at("mae").get<double>()).epsilon(1e-5));
}

TEST_CASE("fidelity falls as the error grows, to zero") {
  std::vector<float> before(40);
  for (std::size_t i = 0; i < before.size(); ++i) before[i] = static_cast<float>(i % 7);
  double last = 2;
  for (const float error : {0.0f, 0.01f, 0.1f, 1.0f, 10.0f}) {
    std::vector<float> after = before;
    for (std::size_t i = 0; i < after.size(); ++i) after[i] += i % 2 ? error : -error;
    const double value = Pair({10, 4}, before, after).value("fidelity");
    CHECK(value < last);
    last = value;
  }
  CHECK(last == 0);
}

TEST_CASE("an answer that is no number is wrong, and one that the float model does not give is not asked for") {
  const std::vector<float> before{1, 2, 3, 6, 5, 4, 7, 8, 9};
  CHECK(Pair({3, 3}, before, before).value("agreement") == 1);
  std::vector<float> after = before;
  after[4] = kNan;
  CHECK(Pair({3, 3}, before, after).value("agreement") == Approx(2.0 / 3));
  CHECK(Pair({3, 3}, after, after).value("agreement") == 1);
  CHECK(Pair({3, 3}, after, after).scores("agreement")[1] == Score{0, 0});
}

TEST_CASE("elements that are no numbers are wrong where the float model's are numbers") {
  const std::vector<float> before{1, -2, 3, 4, -5, 6, 7, 8};
  for (const float bad : {kNan, kInfinite}) {
    std::vector<float> after = before;
    after[2] = bad;
    const Pair pair({2, 4}, before, after);
    CHECK(pair.scores("fidelity")[0][0] == 1);  // all of its one part is lost
    CHECK(pair.scores("fidelity")[1][0] == 0);
    CHECK(pair.scores("sqnr")[0][1] == pair.scores("sqnr")[0][0]);
    CHECK(pair.value("fidelity") < 0.5);
    CHECK(std::isfinite(pair.value("sqnr")));
    const Pair both({2, 4}, after, after);
    CHECK(both.value("fidelity") == 1);
    CHECK(std::isinf(both.value("sqnr")));
  }
}

TEST_CASE("perplexity of logits that are no numbers is infinite") {
  Sample sample;
  sample.labels = {Tensor::of<std::int64_t>({1}, std::vector<std::int64_t>{1})};
  const std::vector<float> values{1, kNan, 3};
  const Score score =
      metric_named("perplexity")
          .score(
              {.sample = sample, .values = values, .shape = {1, 3}, .answers = {}, .partner = {}, .partner_shape = {}});
  CHECK(std::isinf(score[0]));
}

TEST_CASE("classes that a model names itself are right or wrong") {
  Sample sample;
  sample.labels = {Tensor::of<std::int64_t>({3}, std::vector<std::int64_t>{4, 5, -100})};
  const std::vector<float> values{4, 6, 7};
  const std::vector<std::int64_t> answers{4, 6, 7};
  const Score score = metric_named("accuracy")
                          .score({.sample = sample,
                                  .values = values,
                                  .shape = {1, 3},
                                  .answers = answers,
                                  .integers = true,
                                  .partner = {},
                                  .partner_shape = {}});
  CHECK(score == Score{1, 2});
}

TEST_CASE("a part that never moves is judged by a hundredth of its size") {
  const std::vector<float> before(8, 100.0f);
  std::vector<float> after = before;
  for (float& x : after) x += 0.5f;
  CHECK(Pair({2, 4}, before, after).value("fidelity") == Approx(0.5));
  const std::vector<float> zeros(8, 0.0f);
  CHECK(Pair({2, 4}, zeros, zeros).value("fidelity") == 1);
  CHECK(Pair({2, 4}, zeros, after).value("fidelity") == 0);
}

TEST_CASE("what is kept of an output leaves no channel out") {
  std::vector<float> values(64 * 30);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 64);
  const std::vector<std::int64_t> answers(100, 1);
  const Reference reference = reference_of({1, 30, 64}, values, answers, 240);  // every eighth is of few channels
  CHECK(reference.elements.size() <= 240);
  CHECK(reference.elements.size() > 150);
  std::vector<int> seen(64);
  for (const float x : reference.elements) ++seen[static_cast<std::size_t>(x)];
  CHECK(*std::min_element(seen.begin(), seen.end()) > 0);
  CHECK(reference.answers.size() == 100);
}

TEST_CASE("answers of which some are kept are compared with those at their places") {
  const std::vector<float> values(100, 1.0f);
  std::vector<std::int64_t> answers(100), other(100, -5);
  std::iota(answers.begin(), answers.end(), 0);
  const Reference reference = reference_of({1, 100}, values, answers, 30);
  REQUIRE(reference.answers.size() < 40);
  for (const std::int64_t kept : reference.answers) other[static_cast<std::size_t>(kept)] = kept;
  const std::vector<double> variances{1};
  const Channels channels;
  const Original original{reference, channels, variances};
  const Sample sample;
  const Score score = metric_named("agreement")
                          .score({.sample = sample,
                                  .values = values,
                                  .shape = {1, 100},
                                  .answers = other,
                                  .partner = {},
                                  .partner_shape = {},
                                  .original = &original});
  CHECK(score[0] == static_cast<double>(reference.answers.size()));
}

TEST_CASE("references cross as bytes") {
  OutputReference output{
      .samples = {reference_of({1, 3}, std::vector<float>{1, 2, 3}, std::vector<std::int64_t>{2}, 8)},
      .variances = {0.5, 2}};
  const auto read = read_references(to_bytes(std::vector{output, OutputReference{}}));
  REQUIRE(read.size() == 2);
  CHECK(read[0].variances == output.variances);
  CHECK(read[0].samples[0].elements == output.samples[0].elements);
  CHECK(read[0].samples[0].answers == output.samples[0].answers);
  CHECK(read[0].samples[0].shape == Shape{1, 3});
  std::vector<std::byte> cut = to_bytes(std::vector{output});
  cut.resize(cut.size() - 1);
  CHECK_THROWS_AS(read_references(cut), Error);
}

}  // namespace
}  // namespace bw
