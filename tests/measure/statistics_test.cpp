// Statistics against values made by scipy (tests/oracle/statistics.py), and by simulation where a claim is about
// chance.
#include "measure/statistics.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/parallel.h"
#include "base/random.h"
#include "measure/metrics/metric.h"

namespace bw {
namespace {

using Catch::Approx;

const Json& golden() {
  static const Json json = parse_json(read_file(BW_GOLDEN "/measure/statistics.json"), "statistics.json");
  return json;
}

std::vector<double> numbers(const Json& json) {
  return json.get<std::vector<double>>();
}

double aggregate(std::string_view metric, const Json& first, const Json& second) {
  std::vector<Score> scores;
  std::vector<std::uint32_t> picks;
  for (std::size_t i = 0; i < first.size(); ++i) {
    scores.push_back({first[i].get<double>(), second[i].get<double>()});
    picks.push_back(static_cast<std::uint32_t>(i));
  }
  return metric_named(metric).aggregate(scores, picks);
}

TEST_CASE("quantiles are NumPy's") {
  const Json json = golden();
  for (const Json& row : json.at("quantiles"))
    CHECK(quantile(numbers(json.at("values")), row.at("p").get<double>()) ==
          Approx(row.at("value").get<double>()).margin(1e-12));
}

TEST_CASE("McNemar's exact test and mid-p") {
  for (const Json& row : golden().at("mcnemar")) {
    const McNemarTest test = mcnemar(row.at("b").get<std::uint64_t>(), row.at("c").get<std::uint64_t>());
    CHECK(test.p == Approx(row.at("p").get<double>()).epsilon(1e-9));
    CHECK(test.mid_p == Approx(row.at("mid_p").get<double>()).epsilon(1e-9));
  }
}

TEST_CASE("Wilson's interval") {
  for (const Json& row : golden().at("wilson")) {
    const Figure figure = share_figure(row.at("k").get<std::uint64_t>(), row.at("n").get<std::uint64_t>());
    CHECK(figure.interval->low == Approx(row.at("low").get<double>()).margin(1e-9));
    CHECK(figure.interval->high == Approx(row.at("high").get<double>()).margin(1e-9));
  }
}

TEST_CASE("Holm's adjustment") {
  const Json json = golden().at("holm");
  const std::vector<double> adjusted = holm(numbers(json.at("p"))), wanted = numbers(json.at("adjusted"));
  for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(adjusted[i] == Approx(wanted[i]));
}

TEST_CASE("Student's half width") {
  const Json json = golden().at("student");
  CHECK(student_half_width(numbers(json.at("values"))) == Approx(json.at("half").get<double>()).epsilon(1e-6));
  for (const Json& row : json.at("quantiles"))
    CHECK(student_quantile(row.at("freedom").get<std::size_t>()) ==
          Approx(row.at("value").get<double>()).epsilon(2e-4));
}

TEST_CASE("rank correlation with ties, F1 and MCC of two and of many classes") {
  const Json json = golden();
  const Json& pairs = json.at("spearman");
  CHECK(aggregate("spearman", pairs.at("a"), pairs.at("b")) == Approx(pairs.at("value").get<double>()).epsilon(1e-12));
  for (const Json& row : json.at("classes")) {
    CHECK(aggregate("f1", row.at("answers"), row.at("labels")) == Approx(row.at("f1").get<double>()).epsilon(1e-12));
    CHECK(aggregate("mcc", row.at("answers"), row.at("labels")) == Approx(row.at("mcc").get<double>()).epsilon(1e-12));
  }
}

TEST_CASE("the bootstrap of a mean has the width of the normal interval, and does not depend on threads") {
  Random random(3);
  std::vector<double> values;
  for (int i = 0; i < 400; ++i) values.push_back(random.normal());
  const auto mean = [&](std::span<const std::uint32_t> picks) {
    double sum = 0;
    for (const std::uint32_t pick : picks) sum += values[pick];
    return sum / static_cast<double>(picks.size());
  };
  const auto on = [&](int threads) {
    const ThreadLimit limit(threads);
    return bootstrap(values.size(), 9, mean);
  };
  const Interval one = on(1), two = on(2);
  CHECK(one.low == two.low);
  CHECK(one.high == two.high);
  CHECK(one.high - one.low == Approx(2 * 1.96 / 20).epsilon(0.1));
}

TEST_CASE("verdicts") {
  CHECK(verdict_of_ratio({0.90, 0.99}) == Verdict::Better);
  CHECK(verdict_of_ratio({1.006, 1.02}) == Verdict::Worse);
  CHECK(verdict_of_ratio({0.98, 0.994}) == Verdict::Better);
  CHECK(verdict_of_ratio({0.98, 0.996}) == Verdict::Same);  // copies of one model may differ by that
  CHECK(verdict_of_ratio({1.004, 1.02}) == Verdict::Same);
  CHECK(verdict_of_ratio({1.004, 1.05}) == Verdict::Inconclusive);
  CHECK(verdict_of_ratio({0.98, 1.02}) == Verdict::Same);
  CHECK(verdict_of_ratio({0.96, 1.02}) == Verdict::Inconclusive);
  CHECK(verdict_of_difference({0.01, 0.02}, Direction::Higher, 0.003) == Verdict::Better);
  CHECK(verdict_of_difference({0.01, 0.02}, Direction::Lower, 0.003) == Verdict::Worse);
  CHECK(verdict_of_difference({-0.002, 0.002}, Direction::Lower, 0.003) == Verdict::Same);
  CHECK(verdict_of_difference({-0.02, 0.002}, Direction::Higher, 0.003) == Verdict::Inconclusive);
}

TEST_CASE("at least as good: interval above -0.3 points, estimate not below -0.1") {
  CHECK(at_least_as_good(-0.0005, {-0.0025, 0.002}, Direction::Higher));
  CHECK_FALSE(at_least_as_good(-0.0005, {-0.0035, 0.002}, Direction::Higher));
  CHECK_FALSE(at_least_as_good(-0.0015, {-0.0025, 0.0}, Direction::Higher));
  CHECK(at_least_as_good(0.05, {-0.1, 0.29}, Direction::Lower, 100));
  CHECK_FALSE(at_least_as_good(0.05, {-0.1, 0.31}, Direction::Lower, 100));
}

}  // namespace
}  // namespace bw
