// The jobs in each runtime that is here, and pairs of files in two of them.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <utility>

#include "measure/evaluate.h"
#include "measure/footprint.h"
#include "measure/latency.h"
#include "measure/peak.h"
#include "measure/profile.h"
#include "measure/small_data.h"
#include "observe/calibrate.h"
#include "observe/statistics/range.h"

namespace bw {
namespace {

using Catch::Approx;
using test::Case;
using test::kWeights;

void require_openvino() {
  const Runtime& runtime = runtime_named("openvino");
  if (!runtime.available()) SKIP("OpenVINO is not here; " << runtime.brought_by << " brings it");
}

SampleFeed one_pass(SharedSamples& samples) {
  return samples.feed();
}

TEST_CASE("a profile names the model's nodes, the slowest first", "[profile]") {
  const Case data(3);
  test::Sketch s(17);
  const ValueId x = s.value("x", ValueType::tensor(DType::Float32, std::vector<Dim>{Dim{-1, "N"}, Dim{4, {}}}));
  const ValueId soft = s.node("Softmax", {x}, {}, "soft");
  const ValueId wide = s.node("MatMul", {soft, s.constant("w", test::zeros(DType::Float32, {4, 200000}))}, {}, "wide");
  Graph graph = s.with_output(wide);
  graph.inputs = {x};
  const fs::path file = data.folder.path() / "m.onnx";
  write_model(graph, file);
  for (const Runtime& runtime : runtimes()) {
    if (!runtime.available()) continue;
    INFO(runtime.name);
    SharedSamples samples = data.samples();
    Worker worker;
    const Profile profile =
        profile_model(worker, {file, std::string(runtime.name)}, graph, one_pass(samples), {.seconds = 0});
    CHECK(profile.runs == 3);
    REQUIRE(profile.nodes.size() >= 2);
    CHECK(profile.nodes[0].op == "MatMul");
    CHECK(profile.nodes[0].node == graph.nodes[1].name);
    CHECK(profile.nodes[0].seconds >= profile.nodes[1].seconds);
    CHECK(profile.nodes[0].seconds <= profile.seconds);
    CHECK(profile.nodes[0].calls == profile.runs);
  }
}

TEST_CASE("a model without a sample to run is not profiled", "[profile]") {
  const Case data(1);
  Worker worker;
  CHECK_THROWS_AS(profile_model(worker, test::deployed(data.save(kWeights, "m.onnx")), data.graph, {}), Error);
}

TEST_CASE("files whose ports stand elsewhere are evaluated, timed and weighed like the original", "[ports]") {
  const Case data(20);
  // logits [batch, 3] = (x on its side) by the weights, logits on their side
  test::Sketch s(17);
  const ValueId x = s.value("turned", ValueType::tensor(DType::Float32, std::vector<Dim>{Dim{4, {}}, Dim{-1, "N"}}));
  const Attribute sides = test::attribute("perm", std::vector<std::int64_t>{1, 0});
  const ValueId w = s.constant("w", Tensor::of<float>({4, 3}, std::span<const float>(kWeights)));
  const ValueId product = s.node("MatMul", {s.node("Transpose", {x}, {sides}, "t"), w}, {}, "product");
  Graph graph = s.with_output(s.node("Transpose", {product}, {sides}, "out"));
  graph.inputs = {x};
  write_model(graph, data.folder.path() / "turned.onnx");
  const Deployment original = test::deployed(data.save(kWeights, "m.onnx"));
  Deployment turned = test::deployed(data.folder.path() / "turned.onnx");
  turned.ports = {.inputs = {{"turned", 0, {1, 0}}}, .outputs = {{"out", 0, {1, 0}}}};
  SharedSamples samples = data.samples();
  Worker worker;
  const EvaluateOptions options{
      .outputs = {{.name = "logits", .kind = OutputKind::Scores, .class_axis = -1, .metrics = {"top1"}}}};
  const Evaluation one = evaluate_model(worker, original, samples, options),
                   other = evaluate_model(worker, turned, samples, options);
  CHECK(one.outputs[0].scores.at("top1") == other.outputs[0].scores.at("top1"));
  const Visit paid = visit({}, original, turned, samples, {.seconds = 0.02, .warm_up = 0.01});
  CHECK(paid.quantized.runs[0].size() + paid.waited > 0);
  CHECK(measure_footprint({}, turned, samples, 1).peak > 0);
}

TEST_CASE("two runtimes are timed in turn, each in a process of its own", "[openvino]") {
  require_openvino();
  const Case data(5);
  const fs::path file = data.save(kWeights, "m.onnx");
  SharedSamples samples = data.samples();
  const Visit paid = visit({}, test::deployed(file), {file, "openvino"}, samples, {.seconds = 0.1, .least_turns = 4});
  for (const SideTimes* side : {&paid.original, &paid.quantized}) {
    CHECK(side->loads[0] > 0);
    CHECK(side->loads[1] > 0);
    CHECK(side->utilization >= 0);
    CHECK(side->runs[0].size() + side->runs[1].size() + paid.waited >= 4);
  }
  CHECK(paid.seconds > 0);
  if (judges(paid)) {
    const std::vector<Visit> visits(2, paid);
    CHECK(*latency_ratio(visits, control_noise(visits)).ratio.value > 0);
  }
  CHECK_THROWS_AS(visit({}, test::deployed(file), {"/nowhere/m.onnx", "openvino"}, samples, {.seconds = 0.1}), Error);
}

TEST_CASE("OpenVINO's answers are ONNX Runtime's, its memory and its peaks its own", "[openvino]") {
  require_openvino();
  const Case data(40);
  const fs::path file = data.save(kWeights, "m.onnx");
  SharedSamples samples = data.samples();
  Worker worker;
  const EvaluateOptions options{
      .threads = 2, .outputs = {{.name = "logits", .kind = OutputKind::Scores, .class_axis = -1, .metrics = {"top1"}}}};
  const auto scores = [&](const Deployment& model) {
    return evaluate_model(worker, model, samples, options).outputs[0].scores.at("top1");
  };
  CHECK(scores({file, "openvino"}) == scores(test::deployed(file)));
  const Footprint own = measure_footprint({}, {file, "openvino"}, samples, 1);
  CHECK(own.peak > (1u << 20));
  CHECK(own.first_run > 0);
  const Peaks peaks = measured_peaks(worker, "openvino", 1);
  CHECK(peaks.float_operations > 1e8);
  CHECK(peaks.int8_operations > peaks.float_operations);
}

TEST_CASE("OpenVINO calibrates as ONNX Runtime does", "[openvino]") {
  require_openvino();
  const Case data(30);
  Needs needs;
  for (const char* value : {"x", "logits"}) needs.add(value, {RangeStatistic::kName});
  SharedSamples samples = data.samples();
  const Calibration one = calibrate(data.graph, samples, needs, {.threads = 1, .runtime = "onnxruntime"}),
                    other = calibrate(data.graph, samples, needs, {.threads = 1, .runtime = "openvino"});
  CHECK(other.samples == 30);
  for (const char* value : {"x", "logits"}) {
    CHECK(other.evidence.value(value).get<RangeStatistic>().range().low ==
          Approx(one.evidence.value(value).get<RangeStatistic>().range().low).epsilon(1e-5));
    CHECK(other.evidence.value(value).get<RangeStatistic>().range().high ==
          Approx(one.evidence.value(value).get<RangeStatistic>().range().high).epsilon(1e-5));
  }
}

}  // namespace
}  // namespace bw
