// Steps of a run that was killed: used again whole, and only where nothing that they came from has changed.
#include "bench/checkpoint.h"

#include <catch2/catch_test_macros.hpp>

#include "base/file.h"
#include "base/version.h"
#include "folder.h"
#include "observe/statistics/range.h"

using namespace bw;

namespace {

Part part(const char* data) {
  return {.model = "cnn", .of = "fp16", .what = "memory", .from = {{"the data", data}}};
}

// How often a step is computed by this checkpoint: 0 when its result was there.
int computed(Checkpoint& checkpoint, const char* data) {
  int count = 0;
  const Figure figure = checkpoint.figure(part(data), [&] {
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

Part part_of(const std::string& of, const std::string& what, const std::string& seed, const std::string& data = "d") {
  return {
      .model = "cnn", .of = of, .what = what, .from = {{"the data", std::string(64, data.front())}, {"--seed", seed}}};
}

// What the checkpoint gives, where computing gives `value`.
double given(Checkpoint& checkpoint, const Part& part, double value) {
  return *checkpoint.figure(part, [&] { return exact_figure(value, Unit::Bytes); }).value;
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
  checkpoint.evaluation(part("key"), [&] {
    ++evaluated;
    return Evaluation{};
  });
  CHECK(evaluated == 1);
}

TEST_CASE("an evaluation, a visit and a calibration come back as they were") {
  const test::Folder folder;
  Checkpoint checkpoint(folder.path(), true);
  Evaluation evaluation;
  evaluation.samples = 2;
  evaluation.seconds = 3.5;
  evaluation.outputs = {
      {.scores = {{"top1", {{1, 1}, {0, 1}}}, {"sqnr", {{2, 3}, {4, 5}}}}, .faults = {{1, 2, 3}, {4, 5, 6}}},
      {.scores = {{"fidelity", {{0.25, 1}, {0.5, 1}}}}, .faults = {{}, {}}}};
  Visit visit;
  visit.original = {.runs = {{{1, 2}, {3}}}, .loads = {4, 5}, .utilization = 0.5};
  visit.quantized = {.runs = {{{6}, {7, 8}}}, .loads = {9, 10}, .utilization = 0.25};
  visit.waited = 11;
  visit.others = 12;
  visit.stolen = 13;
  visit.seconds = 14;
  Needs needs;
  needs.add("x", {RangeStatistic::kName});
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
    const Evaluation e = checkpoint.evaluation(part("key"), compute(evaluation));
    REQUIRE(e.outputs.size() == 2);
    CHECK(e.outputs[0].scores == evaluation.outputs[0].scores);
    CHECK(e.outputs[1].scores == evaluation.outputs[1].scores);
    REQUIRE(e.outputs[0].faults.size() == 2);
    CHECK(e.outputs[0].faults[1].not_finite == 4);
    CHECK(e.outputs[0].faults[1].elements == 5);
    CHECK(e.outputs[0].faults[1].resized == 6);
    CHECK(e.samples == 2);
    CHECK(e.seconds == 3.5);
    const Visit v = checkpoint.visit(part("key"), compute(visit));
    CHECK(v.original.runs == visit.original.runs);
    CHECK(v.quantized.runs == visit.quantized.runs);
    CHECK(v.original.loads == visit.original.loads);
    CHECK(v.quantized.utilization == 0.25);
    CHECK(v.waited == 11);
    CHECK(v.others == 12);
    CHECK(v.stolen == 13);
    CHECK(v.seconds == 14);
    const Calibration c = checkpoint.calibration(part("key"), compute(calibration));
    CHECK(c.evidence.value("x").get<RangeStatistic>().range() == Range{-1, 4});
    CHECK(c.samples == 12);
    CHECK(c.notes == std::vector<std::string>{"one", "two"});
    CHECK(c.peak_memory == 99);
    CHECK(c.seconds == 0.5);
  }
}

TEST_CASE("a part that was finished is used again only when all that it came from is the same", "[checkpoint]") {
  const test::Folder folder;
  const fs::path place = folder.path() / "out/.resume";
  Checkpoint first(place, false);
  CHECK(given(first, part_of("fp16", "memory", "1"), 1) == 1);
  CHECK(given(first, part_of("fp16", "memory", "1"), 2) == 1);
  CHECK(given(first, part_of("bf16", "memory", "1"), 3) == 1);  // what it is of does not decide, but what it came from
  Checkpoint second(place, true);
  CHECK(given(second, part_of("fp16", "memory", "1"), 4) == 1);
  CHECK(given(second, part_of("fp16", "memory", "2"), 5) == 5);
  CHECK(given(second, part_of("fp16", "memory", "1", "e"), 6) == 6);
  Checkpoint third(place, false);
  CHECK(given(third, part_of("fp16", "memory", "1"), 7) == 7);
  Checkpoint nothing_kept;
  CHECK(given(nothing_kept, part_of("fp16", "memory", "1"), 8) == 8);
}

TEST_CASE("a resumed run says what it takes from the earlier one, and why it takes no more", "[checkpoint]") {
  const test::Folder folder;
  const fs::path place = folder.path() / "out/.resume";
  const std::string out = (folder.path() / "out").string();
  CHECK(Checkpoint(place, true).left() ==
        "nothing is left of an unfinished run in " + out + ": all is done from the start");
  Checkpoint first(place, false);
  for (const char* what : {"memory", "speed"}) given(first, part_of("fp16", what, std::string("1") + what), 1);
  given(first, part_of("bf16", "memory", "2"), 1);
  given(first, part_of("int8", "memory", "3"), 1);
  CHECK(first.used() == "nothing came from the unfinished run");

  Checkpoint second(place, true);
  CHECK(second.left() == "4 parts of an unfinished run are left in " + out);
  for (const char* what : {"memory", "speed"}) given(second, part_of("fp16", what, std::string("1") + what), 1);
  given(second, part_of("bf16", "memory", "5"), 1);       // the seed is another
  given(second, part_of("bf16", "memory", "5"), 1);       // its own
  given(second, part_of("int8", "memory", "3", "e"), 1);  // the data is another
  given(second, part_of("new", "memory", "3", "f"), 1);   // was not there
  CHECK(second.used() ==
        "2 parts came from the unfinished run: fp16 (memory, speed). 1 part done again, since --seed is 5, and was 2: "
        "bf16 (memory). 1 part done again, since the data is another one: int8 (memory)");
  CHECK(second.used() == "nothing came from the unfinished run");  // since then
}

TEST_CASE("what is no part in the folder is no part", "[checkpoint]") {
  const test::Folder folder;
  write_file(folder.path() / "figure-0123", "half");
  CHECK(Checkpoint(folder.path(), true).left().starts_with("nothing is left"));
}
