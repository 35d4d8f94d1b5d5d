// Candidates of a small classifier, measured: what figures are made of, and when a finished step is used again.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "base/hash.h"
#include "bench/measured.h"
#include "bench/model_bench.h"
#include "measure/small_data.h"
#include "tensor/convert.h"

using namespace bw;
using Catch::Approx;

namespace {

constexpr Effort kQuick{.samples = 0, .latency_seconds = 0.02, .visits = 2, .least_turns = 1, .quick = true};

// A float model and a candidate of it, with labelled samples, in a folder.
struct Workshop {
  test::Case data{24};
  fs::path model = data.save(test::kWeights, "m.onnx"), candidate;
  BenchOptions options;
  Effort effort = kQuick;

  Workshop() {
    std::vector<float> other = test::kWeights;
    other[9] = -0.5f;
    candidate = data.save(other, "c.onnx");
    options.data = data.folder.path() / "samples.npz";
    options.open.allow_overlap = true;
    put();
  }
  void put() const { test::dataset_of(data.folder, data.graph, data.x, data.y); }
  fs::path steps() const { return data.folder.path() / "steps"; }

  // How many steps were not there before; the visits of a busy machine, which pays more of them, count as two.
  std::size_t measure(CandidateFindings& row, ModelFindings& findings, const Plan& plan = {}) const {
    const Steps before = count();
    Checkpoint checkpoint(steps(), true);
    const LoadedModel loaded = load_model(model);
    const Dataset dataset = open_data_for(loaded, options.data, options.open);
    Measurer measurer(loaded, dataset, options, effort, checkpoint);
    measurer.measure_float(findings);
    row.artifact = described(files_of(candidate), data.folder.path());
    measurer.measure(row, plan, candidate);
    while (measurer.wants_visit(row)) measurer.visit(row);
    INFO(row.reason);
    CHECK(row.status == Status::Ok);
    findings.candidates = {row};
    measurer.conclude(findings);
    row = findings.candidates.front();
    const Steps after = count();
    return after.others - before.others + (after.visits > before.visits ? 2 : 0);
  }
  std::size_t measure() const {
    CandidateFindings row;
    ModelFindings findings;
    return measure(row, findings);
  }

 private:
  struct Steps {
    std::size_t visits = 0, others = 0;
  };
  Steps count() const {
    Steps found;
    if (fs::exists(steps()))
      for (const fs::directory_entry& entry : fs::directory_iterator(steps()))
        ++(entry.path().filename().string().starts_with("visit-") ? found.visits : found.others);
    return found;
  }
};

}  // namespace

namespace {

// The classifier with a product of a million columns, of which three are used: larger in its file and in memory.
void save_large(const fs::path& file) {
  constexpr std::int64_t kColumns = 1'000'000;
  test::Sketch s(17);
  const ValueId x = s.value("x", ValueType::tensor(DType::Float32, std::vector<Dim>{Dim{-1, "N"}, Dim{4, {}}}));
  const ValueId w = s.constant("w", Tensor::fill<float>({4, kColumns}, [](std::span<float> out) {
                                 for (std::size_t i = 0; i < 12; ++i) out[i / 3 * kColumns + i % 3] = test::kWeights[i];
                               }));
  const ValueId wide = s.node("MatMul", {x, w}, {}, "wide");
  Graph graph = s.with_output(s.node("Slice",
                                     {wide, s.constant("from", test::integers({0})),
                                      s.constant("to", test::integers({3})), s.constant("axis", test::integers({1}))},
                                     {}, "logits"));
  graph.inputs = {x};
  onnx::write(graph, file);
}

}  // namespace

TEST_CASE("a candidate that is larger than the float model has a reduction below zero", "[figures]") {
  Workshop shop;
  save_large(shop.candidate);
  CandidateFindings row;
  ModelFindings findings;
  shop.measure(row, findings);
  const double before = *row.original->memory_usage.value, after = *row.quantized->memory_usage.value;
  CHECK(after > before + 16e6);
  CHECK(*row.memory_reduction->value == Approx(1 - after / before));
  CHECK(*row.quantized->compression_ratio.value > 1000);
  CHECK(*row.accuracy_retention->value == 1);
}

TEST_CASE("figures of a candidate are made of the float model's and its own", "[figures]") {
  Workshop shop;
  CandidateFindings row;
  ModelFindings findings;
  CHECK(shop.measure(row, findings) == 5);  // memory of both, accuracy of the candidate, two visits
  REQUIRE(row.memory_reduction);
  CHECK(*row.memory_reduction->value ==
        Approx(1 - *row.quantized->memory_usage.value / *row.original->memory_usage.value));
  CHECK(*row.speedup_factor->value == Approx(1 / *row.latency->ratio.value));
  CHECK(row.speedup_factor->interval->low == Approx(1 / row.latency->ratio.interval->high));
  CHECK(row.speedup_factor->interval->high == Approx(1 / row.latency->ratio.interval->low));
  CHECK(*row.quantized->model_size.value == static_cast<double>(fs::file_size(shop.candidate)));
  CHECK(*row.quantized->compression_ratio.value ==
        Approx(static_cast<double>(fs::file_size(shop.candidate)) / static_cast<double>(fs::file_size(shop.model))));
  CHECK(*row.original->compression_ratio.value == 1);
  // What stands side by side fits: the table's float time, the candidate's, and their ratio.
  CHECK(*findings.original->inference_time.value == *row.original->inference_time.value);
  CHECK(*row.quantized->inference_time.value ==
        Approx(*row.original->inference_time.value * *row.latency->ratio.value));
  CHECK(row.quantized->inference_time.interval->low ==
        Approx(*row.original->inference_time.value * row.latency->ratio.interval->low));
  REQUIRE(findings.control);
  CHECK(findings.control->smallest_effect.value() > 0);
  CHECK(row.latency->ratio.interval->high >=
        *row.latency->ratio.value * (1 + *findings.control->smallest_effect) - 1e-9);
  std::vector<float> other = test::kWeights;
  other[9] = -0.5f;
  REQUIRE_FALSE(row.accuracy->metrics.empty());
  CHECK(*row.accuracy->metrics[0].original.value == Approx(shop.data.right(test::kWeights)));
  CHECK(*row.accuracy->metrics[0].quantized.value == Approx(shop.data.right(other)));
  CHECK_FALSE(row.achieved);
}

TEST_CASE("what integers compute is rated against the integers' peak, also where scales are found while running",
          "[peaks]") {
  Workshop shop;
  shop.effort.quick = false;
  struct Row {
    Precision compute;
    bool integers;
  };
  Worker worker;
  const Peaks peaks = measured_peaks(worker, "onnxruntime", shop.options.threads);
  for (const Row& row : {Row{Precision::Dynamic, true}, Row{Precision::Integer, true}, Row{Precision::Float32, false},
                         Row{Precision::Float16, false}}) {
    INFO(name_of(row.compute));
    Plan plan;
    plan.nodes["other"] = {.compute = Precision::Float32, .reason = "", .operands = {}};
    plan.nodes["logits"] = {.compute = row.compute, .reason = "", .operands = {}};
    CandidateFindings candidate;
    ModelFindings findings;
    shop.measure(candidate, findings, plan);
    REQUIRE(candidate.achieved);
    const AchievedRates& rates = *candidate.achieved;
    CHECK(*rates.operations.value == Approx(2 * 12 / *candidate.quantized->inference_time.value));
    CHECK(*rates.operations_of_peak.value ==
          Approx(*rates.operations.value / (row.integers ? peaks.int8_operations : peaks.float_operations)));
    CHECK(*rates.bytes_of_peak.value == Approx(*rates.bytes.value / peaks.read_bandwidth));
  }
}

TEST_CASE("finished steps are used again while nothing that they came from changes", "[resume]") {
  Workshop shop;
  CandidateFindings first, again;
  ModelFindings findings;
  CHECK(shop.measure(first, findings) == 5);
  CHECK(shop.measure(again, findings) == 0);
  CHECK(*again.latency->ratio.value == *first.latency->ratio.value);
  CHECK(*again.quantized->memory_usage.value == *first.quantized->memory_usage.value);
  CHECK(again.seconds.evaluate == first.seconds.evaluate);
}

TEST_CASE("steps are done again when the model, a candidate, the data or an option is another", "[resume]") {
  Workshop shop;
  CHECK(shop.measure() == 5);
  shop.options.seed = 1;
  CHECK(shop.measure() == 5);
  shop.options.seed = 0;
  shop.options.threads = 2;
  CHECK(shop.measure() == 5);
  shop.options.threads = 1;
  shop.options.balanced = true;
  CHECK(shop.measure() == 5);
  shop.options.balanced = false;
  CHECK(shop.measure() == 0);

  shop.effort.latency_seconds = 0.03;
  CHECK(shop.measure() == 2);  // times alone depend on it
  shop.effort.latency_seconds = kQuick.latency_seconds;
  shop.effort.least_turns = 2;
  CHECK(shop.measure() == 2);
  shop.effort.least_turns = kQuick.least_turns;
  shop.effort.samples = 20;
  CHECK(shop.measure() == 1);  // accuracy
  shop.effort.samples = 0;
  CHECK(shop.measure() == 0);

  std::vector<float> other = test::kWeights;
  other[9] = 0.75f;
  shop.data.save(other, "c.onnx");
  CHECK(shop.measure() == 4);  // the float model's memory is as it was
  other[9] = -0.75f;
  shop.data.save(other, "m.onnx");
  CHECK(shop.measure() == 5);
  shop.data.x[0] += 1;
  shop.put();
  CHECK(shop.measure() == 5);
  shop.data.y[0] = (shop.data.y[0] + 1) % 3;
  shop.put();
  CHECK(shop.measure() == 5);
}

namespace {

// As large as the weights have to be that stand beside their model.
Graph wide(float first) {
  constexpr std::int64_t kClasses = 400;
  std::vector<float> weights(4 * kClasses);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<float>(i % 7) * (i < 4 ? first : 1);
  test::Sketch s;
  const ValueId x = s.value("x", ValueType::tensor(DType::Float32, std::vector<Dim>{Dim{-1, "N"}, Dim{4, {}}}));
  const ValueId w = s.constant("w", Tensor::of<float>({4, kClasses}, std::span<const float>(weights)));
  Graph graph = s.with_output(s.node("MatMul", {x, w}, {}, "logits"));
  graph.inputs = {x};
  return graph;
}

void save_apart(const Graph& graph, const fs::path& model) {
  const Detached apart = onnx::detach(graph);
  test::put(model, apart.model);
  std::string bytes;
  for (const auto part : apart.parts) bytes += as_text(part);
  test::put(model.parent_path() / onnx::kDataInMemory, bytes);
}

}  // namespace

TEST_CASE("a model whose weights lie beside it is another one when they change", "[resume]") {
  Workshop shop;
  onnx::write(wide(1), shop.candidate);
  save_apart(wide(1), shop.model);
  const std::string model = sha256_of_file(shop.model);
  CHECK(shop.measure() == 5);
  CHECK(shop.measure() == 0);
  save_apart(wide(2), shop.model);
  CHECK(sha256_of_file(shop.model) == model);
  CHECK(shop.measure() == 5);
}

TEST_CASE("calibration is done again for another number of samples, another seed, and what nobody has seen yet",
          "[resume]") {
  Workshop shop;
  shop.options.output = shop.data.folder.path() / "out";
  shop.options.baseline = false;
  const auto calibrations = [&](const char* recipe) {
    shop.options.recipes = {parse_recipe(recipe)};
    Checkpoint checkpoint(shop.steps(), true);
    const ModelFindings findings = ModelBench(shop.model, "m", shop.options, checkpoint).run({});
    CHECK(findings.candidates.at(0).status == Status::Ok);
    return std::distance(fs::directory_iterator(shop.steps()), fs::directory_iterator());
  };
  CHECK(calibrations("int8-static") == 1);
  CHECK(calibrations("int8-static") == 1);
  CHECK(calibrations("int8-static(per_channel=no)") == 1);  // sees the same
  CHECK(calibrations("int8-static(observer=entropy)") == 2);
  shop.options.calibration_samples = 500;  // of 24: all, as before, but the note says how many were wished for
  CHECK(calibrations("int8-static") == 3);
  shop.options.calibration_samples = 10;
  CHECK(calibrations("int8-static") == 4);
  shop.options.seed = 1;
  CHECK(calibrations("int8-static") == 5);
  shop.options.balanced = true;
  CHECK(calibrations("int8-static") == 6);
  std::vector<float> other = test::kWeights;
  other[0] = 2;
  shop.data.save(other, "m.onnx");
  CHECK(calibrations("int8-static") == 7);
  shop.data.x[0] += 1;
  shop.put();
  CHECK(calibrations("int8-static") == 8);
}

TEST_CASE("the short measurement takes what a second is enough for, and never more than the full one", "[figures]") {
  BenchOptions options;
  options.latency_seconds = 3;
  CHECK(full_effort(options).samples == 0);
  CHECK(full_effort(options).latency_seconds == 3);
  CHECK_FALSE(full_effort(options).quick);
  CHECK(quick_effort(options, 0.01).samples == 100);
  CHECK(quick_effort(options, 10).samples == 16);
  CHECK(quick_effort(options, 1e-6).samples == 256);
  CHECK(quick_effort(options, 0).samples == 256);
  CHECK(quick_effort(options, 0.01).latency_seconds == 0.15);
  CHECK(quick_effort(options, 0.01).quick);
  options.evaluation_samples = 20;
  options.latency_seconds = 0.1;
  CHECK(quick_effort(options, 0.01).samples == 20);
  CHECK(quick_effort(options, 0.01).latency_seconds == 0.1);
  CHECK(full_effort(options).samples == 20);
}

TEST_CASE("what an artifact ships is all of its files, and its hash is the model's", "[figures]") {
  Workshop shop;
  save_apart(wide(1), shop.model);
  const ArtifactFile file = described(files_of(shop.model), shop.data.folder.path());
  CHECK(file.path == "m.onnx");
  CHECK(file.bytes == fs::file_size(shop.model) + 4 * 400 * sizeof(float));
  CHECK(file.sha256 == sha256_of_file(shop.model));
  CHECK(file.sha256.size() == 64);
  REQUIRE(file.files.size() == 2);
  CHECK(file.files[0].path == "m.onnx");
  CHECK(file.files[0].bytes == fs::file_size(shop.model));
  CHECK(file.files[1].path == onnx::kDataInMemory);
  CHECK(file.files[1].bytes == 4 * 400 * sizeof(float));
  CHECK(file.files[1].sha256 == sha256_of_file(shop.model.parent_path() / onnx::kDataInMemory));
}

TEST_CASE("which groups of recipes fit a model is told of each") {
  const Workshop shop;
  test::Sketch s;
  const ValueId x = s.value("x", ValueType::tensor(DType::Float32, std::vector<Dim>{Dim{-1, "N"}, Dim{4, {}}}));
  Graph curve = s.with_output(s.node("Tanh", {x}, {}, "y"));
  curve.inputs = {x};
  const fs::path without_weights = shop.data.folder.path() / "curve.onnx";
  onnx::write(curve, without_weights);
  const auto fits = [&](const fs::path& path) {
    const LoadedModel loaded = load_model(path);
    const Dataset dataset = open_data_for(loaded, shop.options.data, shop.options.open);
    return describe(loaded, dataset, targets().front(), shop.options).compatibility;
  };
  CHECK(fits(shop.model).at("dynamic"));
  CHECK(fits(shop.model).at("ptq_8bit"));
  CHECK_FALSE(fits(without_weights).at("dynamic"));
  CHECK_FALSE(fits(without_weights).at("ptq_4bit"));
}
