#include "bench/accuracy.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace bw;
using Catch::Approx;

namespace {

// An output of four samples: {hits, 1}, or {error, 1} for numbers; none of its elements are faulty.
OutputScores scores(const std::string& metric, const std::vector<double>& numbers) {
  OutputScores output;
  for (const double number : numbers) output.scores[metric].push_back({number, 1});
  output.faults.assign(numbers.size(), {0, 10, 0});
  return output;
}

// A classifier beside a state.
const std::vector<JudgedOutput> kOutputs{{.name = "y", .kind = OutputKind::Scores, .metrics = {"top1"}},
                                         {.name = "state", .kind = OutputKind::Numbers}};

Evaluation evaluation(const std::vector<double>& hits, const std::vector<double>& agreed,
                      const std::vector<double>& errors) {
  OutputScores y = scores("top1", hits);
  y.scores.merge(scores("agreement", agreed).scores);
  return {.outputs = {y, scores("fidelity", errors)}, .samples = hits.size(), .reference = {}};
}

const Evaluation kFloat = evaluation({1, 1, 0, 1}, {1, 1, 1, 1}, {0, 0, 0, 0});

}  // namespace

TEST_CASE("with labels the first metric decides") {
  AccuracyComparison accuracy =
      compare_accuracy(kOutputs, kFloat, evaluation({1, 1, 0, 0}, {1, 1, 1, 0}, {0.01, 0.01, 0.01, 0.01}), 0);
  const Figure retention = retention_of(accuracy, true);
  CHECK(*retention.value == Approx(2.0 / 3));
  CHECK(retention.unit == Unit::Ratio);
  CHECK(accuracy.decided_by == "top1");
  CHECK(accuracy.decided_on == "y");
  REQUIRE(accuracy.outputs.size() == 2);
  CHECK(*accuracy.outputs[1].fidelity.value == Approx(0.9));
  CHECK_FALSE(accuracy.outputs[1].agreement.value);
}

TEST_CASE("of an error what is kept falls as it grows") {
  const std::vector<JudgedOutput> outputs{{.name = "y", .metrics = {"mae"}}};
  const auto evaluated = [](double error) {
    OutputScores y = scores("mae", {error, error, error});
    y.scores.merge(scores("fidelity", {0, 0, 0}).scores);
    return Evaluation{.outputs = {y}, .samples = 3, .reference = {}};
  };
  const auto kept = [&](double before, double after) {
    AccuracyComparison accuracy = compare_accuracy(outputs, evaluated(before), evaluated(after), 0);
    const Figure retention = retention_of(accuracy, true);
    CHECK(accuracy.decided_by == "mae");
    CHECK_FALSE(accuracy.metrics[0].higher_is_better);
    return *retention.value;
  };
  CHECK(kept(2, 4) == Approx(0.5));
  CHECK(kept(4, 2) == Approx(2));
}

TEST_CASE("where labels say nothing the output that is compared worst decides") {
  const auto decided = [](const Evaluation& other) {
    AccuracyComparison accuracy = compare_accuracy(kOutputs, kFloat, other, 0);
    const Figure retention = retention_of(accuracy, false);
    return std::tuple(*retention.value, accuracy.decided_by, accuracy.decided_on);
  };
  CHECK(decided(evaluation({1, 1, 0, 0}, {1, 1, 1, 0}, {0.01, 0.01, 0.01, 0.01})) ==
        std::tuple(0.75, std::string("agreement"), std::string("y")));
  const auto [kept, by, on] = decided(evaluation({1, 1, 0, 1}, {1, 1, 1, 1}, {0.16, 0.16, 0.16, 0.16}));
  CHECK(kept == Approx(0.6));
  CHECK(by == "fidelity");
  CHECK(on == "state");
  std::vector<JudgedOutput> named = kOutputs;
  named[0].decides = false;
  AccuracyComparison accuracy =
      compare_accuracy(named, kFloat, evaluation({1, 1, 0, 0}, {0, 0, 0, 0}, {0.01, 0.01, 0.01, 0.01}), 0);
  CHECK(*retention_of(accuracy, false).value == Approx(0.9));
  CHECK(*accuracy.outputs[0].agreement.value == 0);  // still said
}

TEST_CASE("a float model that is right on nothing keeps its answers, not its accuracy") {
  AccuracyComparison accuracy = compare_accuracy(kOutputs, evaluation({0, 0, 0, 0}, {1, 1, 1, 1}, {0, 0, 0, 0}),
                                                 evaluation({0, 0, 1, 0}, {1, 1, 0, 1}, {0, 0, 0, 0}), 0);
  CHECK(*retention_of(accuracy, true).value == 0.75);
  CHECK(accuracy.decided_by == "agreement");
}

TEST_CASE("elements that are no numbers are counted where the float model has fewer") {
  Evaluation original = kFloat, other = kFloat;
  original.outputs[1].faults[0].not_finite = 2;
  other.outputs[1].faults[0].not_finite = 2;
  other.outputs[1].faults[1].not_finite = 3;
  other.outputs[1].faults[3].not_finite = 1;
  other.outputs[0].faults[2].resized = 1;
  const AccuracyComparison accuracy = compare_accuracy(kOutputs, original, other, 0);
  CHECK(not_finite_sentence(accuracy.outputs[0], 4).empty());
  CHECK(not_finite_sentence(accuracy.outputs[1], 4) ==
        "4 of 40 elements of output 'state' are not finite where the float model's are, in 2 of 4 samples");
  CHECK(accuracy.outputs[0].resized_samples == 1);
}

TEST_CASE("outputs that are equal have no SQNR, and say why") {
  Evaluation other = kFloat;
  other.outputs[1].scores["sqnr"] = {{4, 0}, {4, 0}, {4, 0}, {4, 0}};
  const AccuracyComparison accuracy = compare_accuracy(kOutputs, kFloat, other, 0);
  CHECK_FALSE(accuracy.outputs[1].sqnr.value);
  CHECK(accuracy.outputs[1].sqnr.reason == "the outputs are equal");
}

TEST_CASE("the measure without labels is named") {
  CHECK(measure_without_labels({{.name = "a"}}) == "fidelity");
  CHECK(measure_without_labels({{.name = "a", .kind = OutputKind::Integers}}) == "agreement");
  CHECK(measure_without_labels({{.name = "a"}, {.name = "b", .kind = OutputKind::Scores}}) == "agreement or fidelity");
  CHECK(measure_without_labels({{.name = "a"}, {.name = "b", .kind = OutputKind::Scores, .decides = false}}) ==
        "fidelity");
}

TEST_CASE("guessed scores whose answer hardly changes are numbers") {
  const auto settled = [](std::vector<std::int64_t> answers, bool guessed) {
    OutputReference reference;
    for (const std::int64_t answer : answers)
      reference.samples.push_back(reference_of({1}, std::vector<float>{}, std::vector<std::int64_t>{answer}, 8));
    std::vector<JudgedOutput> outputs{{.name = "y", .kind = OutputKind::Scores, .guessed = guessed}};
    settle_guesses(outputs, SharedBytes(to_bytes(std::vector{reference})));
    return outputs[0].kind;
  };
  const std::vector<std::int64_t> constant(20, 3), varied{1, 2, 3, 4, 1, 2, 3, 4, 1, 2};
  CHECK(settled(constant, true) == OutputKind::Numbers);
  CHECK(settled(constant, false) == OutputKind::Scores);
  CHECK(settled(varied, true) == OutputKind::Scores);
  CHECK(settled({3, 3, 3}, true) == OutputKind::Scores);  // too few to tell
}
