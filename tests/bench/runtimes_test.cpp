// Candidates in several runtimes: which rows there are, what they are compared with, what is said of the best.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "bench/measured.h"
#include "bench/model_bench.h"
#include "bench/recommend.h"
#include "measure/small_data.h"

using namespace bw;
using Catch::Matchers::ContainsSubstring;

namespace {

struct Shop {
  test::Case data{24};
  fs::path model = data.save(test::kWeights, "m.onnx");
  BenchOptions options;

  Shop() {
    test::dataset_of(data.folder, data.graph, data.x, data.y);
    options.data = data.folder.path() / "samples.npz";
    options.open.allow_overlap = true;
    options.output = data.folder.path() / "out";
    options.latency_seconds = 0.05;
    options.quick = true;
    options.recipes = {parse_recipe("int8-static"), parse_recipe("bf16")};
  }
  ModelFindings benched() {
    Checkpoint nothing_kept;
    return ModelBench(model, "m", options, nothing_kept).run({});
  }
};

}  // namespace

TEST_CASE("without a runtime that is named, the target's measures", "[runtimes]") {
  Shop shop;
  CHECK(shop.options.runtimes == std::vector<std::string>{"onnxruntime"});
  const ModelFindings findings = shop.benched();
  CHECK(findings.runtime == "onnxruntime");
  REQUIRE(findings.candidates.size() == 2);
  for (const CandidateFindings& row : findings.candidates) CHECK(row.runtime == "onnxruntime");
  CHECK(start_findings(shop.options).environment.runtimes.size() == 1);
}

TEST_CASE("each file that was made is measured in every runtime, and so is the float model", "[runtimes]") {
  if (!runtime_named("openvino").available()) SKIP("OpenVINO is not here; deps/fetch openvino brings it");
  Shop shop;
  shop.options.runtimes = {"onnxruntime", "openvino"};
  const ModelFindings findings = shop.benched();
  std::vector<std::string> names;
  for (const CandidateFindings& row : findings.candidates) names.push_back(row.name);
  // bf16 has nothing to do here: what is not made is measured nowhere.
  CHECK(names == std::vector<std::string>{"int8-static", "bf16", "float@openvino", "int8-static@openvino"});
  const CandidateFindings &first = findings.candidates[0], &same = findings.candidates[3],
                          &plain = findings.candidates[2];
  CHECK(first.runtime == "onnxruntime");
  CHECK(same.runtime == "openvino");
  CHECK(plain.runtime == "openvino");
  CHECK(same.artifact->path == first.artifact->path);
  CHECK(same.artifact->sha256 == first.artifact->sha256);
  CHECK(plain.artifact->path == "../m.onnx");
  for (const CandidateFindings* row : {&first, &same, &plain}) {
    INFO(row->name << ": " << row->reason);
    REQUIRE(row->quantized);
    REQUIRE(row->latency);
    CHECK(row->latency->original.load_time.value);
  }
  CHECK(*plain.accuracy_retention->value == 1);
  CHECK(*plain.quantized->compression_ratio.value == 1);
  CHECK(first.latency->timed_with.empty());
  CHECK(start_findings(shop.options).environment.runtimes.size() == 2);
}

TEST_CASE("the same file in another runtime is another part of a run", "[runtimes][resume]") {
  if (!runtime_named("openvino").available()) SKIP("OpenVINO is not here; deps/fetch openvino brings it");
  Shop shop;
  const LoadedModel loaded = load_model(shop.model);
  const Dataset dataset = open_data_for(loaded, shop.options.data, shop.options.open);
  const fs::path steps = shop.data.folder.path() / "steps";
  const auto parts = [&](std::vector<std::string> runtimes, const char* of) {
    shop.options.runtimes = std::move(runtimes);
    Checkpoint checkpoint(steps, true);
    Measurer measurer(loaded, dataset, shop.options,
                      {.samples = 0, .latency_seconds = 0.02, .visits = 2, .least_turns = 1, .quick = true},
                      checkpoint);
    ModelFindings findings;
    measurer.measure_float(findings);
    CandidateFindings row;
    row.runtime = of;
    row.artifact = described(files_of(shop.model), shop.data.folder.path());
    measurer.measure(row, {}, shop.model);
    CHECK(row.status == Status::Ok);
    CHECK(row.runtime == (*of ? of : shop.options.runtimes.front()));
    return std::distance(fs::directory_iterator(steps), fs::directory_iterator());
  };
  const auto first = parts({"onnxruntime"}, "");
  CHECK(parts({"onnxruntime"}, "") == first);
  const auto second = parts({"onnxruntime"}, "openvino");
  CHECK(second > first);
  CHECK(parts({"onnxruntime"}, "openvino") == second);
  CHECK(parts({"openvino"}, "openvino") > second);  // beside another float model
}

TEST_CASE("what a runtime reaches is a share of its own peak", "[runtimes]") {
  if (!runtime_named("openvino").available()) SKIP("OpenVINO is not here; deps/fetch openvino brings it");
  Shop shop;
  shop.options.runtimes = {"onnxruntime", "openvino"};
  const LoadedModel loaded = load_model(shop.model);
  const Dataset dataset = open_data_for(loaded, shop.options.data, shop.options.open);
  Checkpoint nothing_kept;
  Measurer measurer(loaded, dataset, shop.options,
                    {.samples = 0, .latency_seconds = 0.02, .visits = 2, .least_turns = 1}, nothing_kept);
  ModelFindings findings;
  measurer.measure_float(findings);
  CandidateFindings row;
  row.runtime = "openvino";
  row.artifact = described(files_of(shop.model), shop.data.folder.path());
  measurer.measure(row, {}, shop.model);
  while (measurer.wants_visit(row)) measurer.visit(row);
  findings.candidates = {row};
  measurer.conclude(findings);
  const CandidateFindings& measured = findings.candidates[0];
  REQUIRE(measured.achieved);
  if (!measured.achieved->operations.value) return;  // too busy a machine
  Worker worker;
  const Peaks own = measured_peaks(worker, "openvino", shop.options.threads);
  CHECK(*measured.achieved->operations_of_peak.value == *measured.achieved->operations.value / own.float_operations);
}

TEST_CASE("the best pair of file and runtime is named with both", "[runtimes]") {
  const auto row = [](const char* name, const char* runtime, double ratio) {
    CandidateFindings c;
    c.name = name;
    c.recipe = "int8-static";
    c.runtime = runtime;
    c.artifact = ArtifactFile{.path = "p", .bytes = 300000, .sha256 = ""};
    c.accuracy_retention = exact_figure(0.99, Unit::Ratio);
    c.quantized = ModelFigures{};
    c.latency = LatencyComparison{};
    c.latency->ratio = {ratio, Interval{ratio - 0.01, ratio + 0.01}, 5, Unit::Ratio, {}};
    c.latency->verdict = Verdict::Better;
    return c;
  };
  ModelFindings model;
  model.bytes = 1000000;
  model.runtime = "onnxruntime";
  model.candidates = {row("a", "onnxruntime", 0.8), row("b", "onnxruntime", 0.7)};
  CHECK_THAT(recommend(model, {}).sentence, ContainsSubstring("Ship b: "));
  model.candidates.push_back(row("a@openvino", "openvino", 0.3));
  const Recommendation best = recommend(model, {});
  CHECK(best.candidate == "a@openvino");
  CHECK_THAT(best.sentence, ContainsSubstring("Ship a in openvino: "));
  model.candidates[2].latency->ratio = {0.9, Interval{0.89, 0.91}, 5, Unit::Ratio, {}};
  CHECK_THAT(recommend(model, {}).sentence, ContainsSubstring("Ship b in onnxruntime: "));
}
