// Steps of a run that was killed: used again whole, and only where nothing that they came from has changed.
#include "bench/checkpoint.h"

#include <catch2/catch_test_macros.hpp>

#include "base/file.h"
#include "base/version.h"
#include "folder.h"
#include "run/runtime.h"

using namespace bw;

namespace {

// How often a step is computed by this checkpoint: 0 when its result was there.
int computed(Checkpoint& checkpoint, const char* key) {
  int count = 0;
  const Figure figure = checkpoint.figure(key, [&] {
    ++count;
    return Figure{1.5, Interval{1, 2}, 7, Unit::Bytes, "why"};
  });
  CHECK(figure.value == 1.5);
  REQUIRE(figure.interval);
  CHECK(figure.interval->low == 1);
  CHECK(figure.interval->high == 2);
  CHECK(figure.n == 7);
  CHECK(figure.unit == Unit::Bytes);
  CHECK(figure.reason == "why");
  return count;
}

}  // namespace

TEST_CASE("a step is used again with the same key, and with no other") {
  const test::Folder folder;
  Checkpoint checkpoint(folder.path() / "steps", false);
  CHECK(computed(checkpoint, "model data") == 1);
  CHECK(computed(checkpoint, "model data") == 0);
  CHECK(computed(checkpoint, "model data2") == 1);
  CHECK(computed(checkpoint, "model dat") == 1);
  Checkpoint later(folder.path() / "steps", true);
  CHECK(computed(later, "model data") == 0);
}

TEST_CASE("results of other versions of the program or of a runtime are not used") {
  const test::Folder folder;
  const auto with = [&](const char* versions) {
    Checkpoint checkpoint(folder.path(), true, versions);
    return computed(checkpoint, "key");
  };
  CHECK(with("bitwright 0.1.0 onnxruntime 1.31.1") == 1);
  CHECK(with("bitwright 0.1.0 onnxruntime 1.31.1") == 0);
  CHECK(with("bitwright 0.1.1 onnxruntime 1.31.1") == 1);
  CHECK(with("bitwright 0.1.0 onnxruntime 1.32.0") == 1);
  CHECK(with("bitwright 0.1.0 onnxruntime 1.31.1 other 1.0") == 1);
}

TEST_CASE("without resume earlier results are thrown away, and with no folder none is kept") {
  const test::Folder folder;
  const fs::path steps = folder.path() / "steps";
  Checkpoint first(steps, false);
  CHECK(computed(first, "key") == 1);
  Checkpoint fresh(steps, false);
  CHECK_FALSE(fs::exists(steps));
  CHECK(computed(fresh, "key") == 1);
  fresh.clear();
  CHECK_FALSE(fs::exists(steps));
  Checkpoint none;
  CHECK(computed(none, "key") == 1);
  CHECK(computed(none, "key") == 1);
}

TEST_CASE("steps of different kinds with one key are different steps") {
  const test::Folder folder;
  Checkpoint checkpoint(folder.path(), true);
  CHECK(computed(checkpoint, "key") == 1);
  int evaluated = 0;
  checkpoint.evaluation("key", [&] {
    ++evaluated;
    return Evaluation{};
  });
  CHECK(evaluated == 1);
}

TEST_CASE("an evaluation, a latency and a calibration come back as they were") {
  const test::Folder folder;
  Checkpoint checkpoint(folder.path(), true);
  Evaluation evaluation;
  evaluation.samples = 2;
  evaluation.seconds = 3.5;
  evaluation.outputs = {
      {.scores = {{"top1", {{1, 1}, {0, 1}}}, {"sqnr", {{2, 3}, {4, 5}}}}, .faults = {{1, 2, 3}, {4, 5, 6}}},
      {.scores = {{"fidelity", {{0.25, 1}, {0.5, 1}}}}, .faults = {{}, {}}}};
  Latency latency;
  latency.ratio = {.ratio = {0.5, Interval{0.4, 0.6}, 80, Unit::Ratio, {}},
                   .verdict = Verdict::Better,
                   .autocorrelation = 0.25,
                   .block = 3};
  for (Timing* timing : {&latency.original, &latency.quantized})
    for (Figure* figure : {&timing->p50, &timing->p90, &timing->p99, &timing->load_time, &timing->utilization})
      *figure = exact_figure(static_cast<double>(figure - &timing->p50) + (timing == &latency.original ? 1 : 0.5),
                             Unit::Seconds);
  latency.seconds = 9;
  Needs needs;
  needs.add("x", {StatisticKind::Range});
  Calibration calibration;
  calibration.evidence = Evidence(needs);
  calibration.evidence.value("x").add(std::vector<float>{-1, 4}, 0);
  calibration.samples = 12;
  calibration.notes = {"one", "two"};
  calibration.peak_memory = 99;
  calibration.seconds = 0.5;
  for (const bool again : {false, true}) {
    const auto compute = [&](const auto& value) {
      return [&value, again] {
        CHECK_FALSE(again);
        return value;
      };
    };
    const Evaluation e = checkpoint.evaluation("key", compute(evaluation));
    REQUIRE(e.outputs.size() == 2);
    CHECK(e.outputs[0].scores == evaluation.outputs[0].scores);
    CHECK(e.outputs[1].scores == evaluation.outputs[1].scores);
    REQUIRE(e.outputs[0].faults.size() == 2);
    CHECK(e.outputs[0].faults[1].not_finite == 4);
    CHECK(e.outputs[0].faults[1].elements == 5);
    CHECK(e.outputs[0].faults[1].resized == 6);
    CHECK(e.samples == 2);
    CHECK(e.seconds == 3.5);
    const Latency l = checkpoint.latency("key", compute(latency));
    CHECK(l.ratio.ratio.value == 0.5);
    CHECK(l.ratio.ratio.interval->high == 0.6);
    CHECK(l.ratio.verdict == Verdict::Better);
    CHECK(l.ratio.autocorrelation == 0.25);
    CHECK(l.ratio.block == 3);
    CHECK(l.original.p50.value == 1);
    CHECK(l.original.utilization.value == latency.original.utilization.value);
    CHECK(l.quantized.p99.value == latency.quantized.p99.value);
    CHECK(l.quantized.load_time.value == latency.quantized.load_time.value);
    CHECK(l.seconds == 9);
    const Calibration c = checkpoint.calibration("key", compute(calibration));
    CHECK(c.evidence.value("x").range().range() == Range{-1, 4});
    CHECK(c.samples == 12);
    CHECK(c.notes == std::vector<std::string>{"one", "two"});
    CHECK(c.peak_memory == 99);
    CHECK(c.seconds == 0.5);
  }
}

TEST_CASE("the versions are the program's and those of the runtimes that are there") {
  const std::string text = versions();
  CHECK(text.find("bitwright " + std::string(kVersion)) == 0);
  const Runtime& runtime = runtime_named("onnxruntime");
  CHECK(text.find("onnxruntime " + runtime.version()) != std::string::npos);
}
