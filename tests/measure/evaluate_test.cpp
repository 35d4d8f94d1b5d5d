// Evaluations on models and data small enough to work out by hand.
#include "measure/evaluate.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "graph/text.h"
#include "measure/small_data.h"

namespace bw {
namespace {

using Catch::Approx;
using test::Case;
using test::kWeights;

JudgedOutput logits(std::vector<std::string> metrics) {
  return {.name = "logits", .kind = OutputKind::Scores, .metrics = std::move(metrics)};
}

TEST_CASE("accuracy, agreement and SQNR are those worked out by hand, for any number of threads") {
  const Case data(200);
  std::vector<float> other = kWeights;
  other[9] = -0.5f;
  const fs::path original = data.save(kWeights, "float.onnx"), quantized = data.save(other, "other.onnx");
  SharedSamples samples = data.samples();
  Worker worker;
  EvaluateOptions options{.threads = 1, .outputs = {logits({"top1", "f1"})}, .keep_reference = true};
  const OutputScores first = evaluate_model(worker, test::deployed(original), samples, options).outputs[0];
  CHECK(first.scores.count("agreement") == 0);
  options.threads = 3;
  const SharedBytes reference = evaluate_model(worker, test::deployed(original), samples, options).reference;
  const OutputScores again = evaluate_model(worker, test::deployed(original), samples, options, reference).outputs[0];
  CHECK(again.scores.at("top1") == first.scores.at("top1"));
  CHECK(*metric_figure(metric_named("agreement"), again.scores.at("agreement"), 0).value == 1);
  CHECK(*metric_figure(metric_named("fidelity"), again.scores.at("fidelity"), 0).value == 1);
  const OutputScores second = evaluate_model(worker, test::deployed(quantized), samples, options, reference).outputs[0];
  const MetricChange change = compare(metric_named("top1"), first.scores.at("top1"), second.scores.at("top1"), 1);
  CHECK(*change.original.value == Approx(data.right(kWeights)));
  CHECK(*change.quantized.value == Approx(data.right(other)));
  CHECK(*change.difference.value == Approx(data.right(other) - data.right(kWeights)));
  CHECK(change.difference.interval->contains(*change.difference.value));
  REQUIRE(change.mcnemar);
  CHECK((static_cast<double>(change.mcnemar->c) - static_cast<double>(change.mcnemar->b)) / 200 ==
        Approx(*change.difference.value));
  double signal = 0, noise = 0;  // the only difference is x[3] * (0.5 - -0.5) in the first logit
  for (std::size_t i = 0; i < 200; ++i) {
    noise += data.x[4 * i + 3] * data.x[4 * i + 3];
    for (std::size_t k = 0; k < 3; ++k) signal += std::pow(data.x[4 * i + k] + data.x[4 * i + 3] * kWeights[9 + k], 2);
  }
  CHECK(*metric_figure(metric_named("sqnr"), second.scores.at("sqnr"), 0).value ==
        Approx(10 * std::log10(signal / noise)).epsilon(1e-4));
}

TEST_CASE("a label outside the model's classes is refused with the sample's name") {
  Case data(5);
  data.y[2] = 7;
  SharedSamples samples = data.samples();
  Worker worker;
  try {
    evaluate_model(worker, test::deployed(data.save(kWeights, "m.onnx")), samples, {.outputs = {logits({"top1"})}});
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.input_class() == InputClass::Data);
  }
}

TEST_CASE("a model that is not there is an input error, and the worker goes on") {
  const Case data(5);
  SharedSamples samples = data.samples();
  Worker worker;
  CHECK_THROWS_AS(evaluate_model(worker, test::deployed("/nowhere/m.onnx"), samples, {.outputs = {logits({"top1"})}}),
                  Error);
  CHECK(evaluate_model(worker, test::deployed(data.save(kWeights, "m.onnx")), samples, {.outputs = {logits({"top1"})}})
            .samples == 5);
}

// log(x) over a number, and the class of x: NaN for x below 0.
fs::path logarithms(const Case& data, const char* name, const std::string& over) {
  const fs::path file = data.folder.path() / name;
  onnx::write(parse_graph("ir_version 8\nopset \"\" 17\ngraph \"g\" {\n  input %x: float32[N,4]\n"
                          "  const %s: float32[] = float32[] {" +
                          over +
                          "}\n"
                          "%l: float32[N,4] = Log(%x)\n%y: float32[N,4] = Div(%l, %s)\n"
                          "%c: int64[N] = ArgMax(%x) {axis = 1, keepdims = 0}\n"
                          "  output %y: float32[N,4]\n  output %c: int64[N]\n}\n"),
              file);
  return file;
}

TEST_CASE("every output is scored; what is no number is counted by sample and is wrong") {
  Case data(4);
  data.x = {1, 2, 3, 4, 1, 2, 3, 5, -1, 2, -3, 4, 1, 1, 1, 2};
  SharedSamples samples = data.samples();
  Worker worker;
  const std::vector<JudgedOutput> outputs{{.name = "y", .kind = OutputKind::Numbers},
                                          {.name = "c", .kind = OutputKind::Integers}};
  EvaluateOptions options{.outputs = outputs, .keep_reference = true};
  const Evaluation original = evaluate_model(worker, test::deployed(logarithms(data, "a.onnx", "1")), samples, options);
  CHECK(original.outputs[0].faults[2].not_finite == 2);
  CHECK(original.outputs[0].faults[1].not_finite == 0);
  CHECK(original.outputs[0].faults[2].elements == 4);
  const Evaluation same =
      evaluate_model(worker, test::deployed(logarithms(data, "b.onnx", "1")), samples, options, original.reference);
  CHECK(*metric_figure(metric_named("fidelity"), same.outputs[0].scores.at("fidelity"), 0).value == 1);
  CHECK(*metric_figure(metric_named("agreement"), same.outputs[1].scores.at("agreement"), 0).value == 1);
  const Evaluation huge =
      evaluate_model(worker, test::deployed(logarithms(data, "c.onnx", "0")), samples, options, original.reference);
  CHECK(huge.outputs[0].faults[0].not_finite == 4);
  for (const Score& score : huge.outputs[0].scores.at("fidelity")) CHECK(score[0] >= score[1]);
  for (const Score& score : huge.outputs[0].scores.at("sqnr")) CHECK(score[1] >= score[0]);
}

TEST_CASE("an output of another size is wholly wrong, another number of outputs is an error") {
  Case data(3);
  for (float& x : data.x) x = std::abs(x) + 1;
  SharedSamples samples = data.samples();
  Worker worker;
  EvaluateOptions options{.outputs = {{.name = "y"}, {.name = "c", .kind = OutputKind::Integers}},
                          .keep_reference = true};
  const SharedBytes reference =
      evaluate_model(worker, test::deployed(logarithms(data, "a.onnx", "1")), samples, options).reference;
  const fs::path longer = data.folder.path() / "longer.onnx";
  onnx::write(parse_graph("ir_version 8\nopset \"\" 17\ngraph \"g\" {\n  input %x: float32[N,4]\n"
                          "%y: float32[N,8] = Concat(%x, %x) {axis = 1}\n%c: int64[N,8] = Cast(%y) {to = 7}\n"
                          "  output %y: float32[N,8]\n  output %c: int64[N,8]\n}\n"),
              longer);
  const Evaluation other = evaluate_model(worker, test::deployed(longer), samples, options, reference);
  CHECK(other.outputs[0].faults[0].resized == 1);
  CHECK(*metric_figure(metric_named("fidelity"), other.outputs[0].scores.at("fidelity"), 0).value == 0);
  CHECK(*metric_figure(metric_named("agreement"), other.outputs[1].scores.at("agreement"), 0).value == 0);
  CHECK(*metric_figure(metric_named("sqnr"), other.outputs[0].scores.at("sqnr"), 0).value == Approx(0).margin(1e-9));
  CHECK_THROWS_AS(evaluate_model(worker, test::deployed(data.save(kWeights, "one.onnx")), samples, options, reference),
                  Error);
}

TEST_CASE("the share of the most frequent answer") {
  OutputReference reference;
  for (const std::int64_t answer : {3, 3, 1, 3})
    reference.samples.push_back(reference_of({1}, std::vector<float>{}, std::vector<std::int64_t>{answer}, 8));
  CHECK(leading_share(reference) == 0.75);
  CHECK(leading_share({}) == 0);
}

}  // namespace
}  // namespace bw
