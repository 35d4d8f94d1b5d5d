// The jobs on a model and data small enough to work out by hand: calibration, latency, memory.
#include <catch2/catch_test_macros.hpp>
#include <numeric>
#include <set>
#include <sstream>

#include "base/file.h"
#include "measure/footprint.h"
#include "measure/jobs.h"
#include "measure/latency.h"
#include "measure/small_data.h"
#include "observe/calibrate.h"
#include "observe/statistics/range.h"

namespace bw {
namespace {

using test::Case;
using test::kWeights;

Needs ranges_of_all() {
  Needs needs;
  for (const char* value : {"x", "logits"})
    for (const std::string_view kind : {"range", "histogram"}) needs.add(value, {kind});
  return needs;
}

TEST_CASE("calibration sees every sample, equal to the bit for any number of threads") {
  const Case data(101);
  SharedSamples samples = data.samples();
  const Calibration one =
      calibrate(data.graph, samples, ranges_of_all(), {.threads = 1, .wanted = 1000, .runtime = "onnxruntime"});
  const Calibration three = calibrate(data.graph, samples, ranges_of_all(), {.threads = 3, .runtime = "onnxruntime"});
  CHECK(one.samples == 101);
  CHECK(one.evidence.to_bytes() == three.evidence.to_bytes());
  for (int again = 0; again < 4; ++again)  // on a busy machine one thread may take all samples
    CHECK(calibrate(data.graph, samples, ranges_of_all(), {.threads = 3, .runtime = "onnxruntime"}).evidence ==
          one.evidence);
  const auto [low, high] = std::minmax_element(data.x.begin(), data.x.end());
  CHECK(one.evidence.value("x").get<RangeStatistic>().range() == Range{*low, *high});
  CHECK(one.evidence.value("x").count() == 404);
  CHECK(one.evidence.value("logits").count() == 303);
  REQUIRE(one.notes.size() == 1);
  CHECK(one.notes[0].find("101 samples instead of 1000") != std::string::npos);
  CHECK(three.notes.empty());
}

TEST_CASE("statistics that need the samples' order do not depend on the number of threads") {
  const Case data(40);
  Needs needs;
  needs.add("logits", {"torch-histogram"});
  SharedSamples samples = data.samples();
  const Calibration one = calibrate(data.graph, samples, needs, {.threads = 1, .runtime = "onnxruntime"});
  const Calibration three = calibrate(data.graph, samples, needs, {.threads = 3, .runtime = "onnxruntime"});
  CHECK(one.evidence.to_bytes() == three.evidence.to_bytes());
}

TEST_CASE("padding that a model of fixed length is fed does not count in calibration") {
  const test::Folder folder;
  const Graph graph = test::classifier(kWeights);
  const Tensor x = Tensor::of<float>({2, 4}, {1, 2, -9, -9, 3, 9, 9, 9}),
               mask = Tensor::of<std::int64_t>({2, 4}, {1, 1, 0, 0, 1, 0, 0, 0}),
               y = Tensor::of<std::int64_t>({2}, {0, 1});
  const fs::path path =
      test::put(folder.path() / "samples.npz", test::npz({{"x", x}, {"attention_mask", mask}, {"y", y}}));
  OpenOptions options;
  options.allow_overlap = true;
  const Dataset data = open_dataset(path, input_signatures(graph), options);
  SharedSamples samples{data.split("samples"), {0, 1}};
  Needs needs;
  needs.add("x", {RangeStatistic::kName});
  needs.add("logits", {RangeStatistic::kName});
  const Calibration seen = calibrate(graph, samples, needs, {.runtime = "onnxruntime"});
  CHECK(seen.evidence.value("x").get<RangeStatistic>().range() == Range{1, 3});
  CHECK(seen.evidence.value("x").count() == 3);
  CHECK(seen.evidence.value("logits").count() == 6);
}

TEST_CASE("a fixed batch is filled, and a rest that does not fill it is left out with a note") {
  Case data(7);
  SharedSamples samples = data.samples();
  const Graph fixed = test::classifier(kWeights, Dim{3, {}});
  const Calibration calibration = calibrate(fixed, samples, ranges_of_all(), {.runtime = "onnxruntime"});
  CHECK(calibration.samples == 6);
  CHECK(calibration.evidence.value("x").count() == 24);
  REQUIRE(calibration.notes.size() == 1);
  CHECK(calibration.notes[0].find("last 1 ") != std::string::npos);
  const Case few(2);
  SharedSamples too_few = few.samples();
  CHECK_THROWS_AS(calibrate(fixed, too_few, ranges_of_all(), {.runtime = "onnxruntime"}), Error);
}

TEST_CASE("NaN made inside the model is refused with tensor and sample") {
  Case data(5);
  data.x[4 * 3] = 3e38f;  // sample 3: 3e38 * 1e10 is infinity
  std::vector<float> weights = kWeights;
  weights[0] = 1e10f;
  SharedSamples samples = data.samples();
  try {
    calibrate(test::classifier(weights), samples, ranges_of_all(), {.runtime = "onnxruntime"});
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(error.kind() == ErrorKind::Calibration);
    CHECK(std::string(error.what()).find("logits") != std::string::npos);
    CHECK(std::string(error.what()).find("3") != std::string::npos);
  }
}

TEST_CASE("infinity in a convolution is refused with its index in the plain order of elements") {
  constexpr std::int64_t kCount = 4, kOutputs = 16, kSide = 8;
  constexpr std::size_t kSample = 2, kChannel = 5, kPixel = 17;
  test::Sketch s;
  const ValueId x = s.input("x", DType::Float32, {1, 1, kSide, kSide});
  std::vector<float> weights(kOutputs, 0), values(kCount * kSide * kSide, 0);
  weights[kChannel] = 1e10f;
  values[kSample * kSide * kSide + kPixel] = 3e38f;
  const ValueId w = s.constant("w", Tensor::of<float>({kOutputs, 1, 1, 1}, std::span<const float>(weights)));
  const Graph graph = s.with_output(s.node("Relu", {s.node("Conv", {x, w}, {}, "conv")}, {}, "y"));
  const test::Folder folder;
  test::put(folder.path() / "samples.npz",
            test::zip({{.name = "x.npy",
                        .content =
                            test::npy(Tensor::of<float>({kCount, 1, kSide, kSide}, std::span<const float>(values)))}}));
  SharedSamples samples(
      open_dataset(folder.path() / "samples.npz", input_signatures(graph), {.allow_overlap = true}).split("samples"),
      {0, 1, 2, 3});
  Needs needs;
  needs.add("y", {RangeStatistic::kName});
  try {
    calibrate(graph, samples, needs, {.runtime = "onnxruntime"});
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(error.kind() == ErrorKind::Calibration);
    CHECK(std::string(error.what()).find("value 'y', sample 2, element 337") != std::string::npos);  // 5 * 64 + 17
  }
}

TEST_CASE("latency and memory come with counts and sane values") {
  const Case data(5);
  const fs::path model = data.save(kWeights, "m.onnx");
  SharedSamples samples = data.samples();
  const Visit paid = visit({}, test::deployed(model), test::deployed(model), samples, {.seconds = 0.1});
  CHECK(paid.original.runs[0].size() + paid.waited >= 2);
  CHECK(paid.original.loads[1] > 0);
  CHECK(paid.seconds > 0);
  const std::vector<Visit> visits(2, paid);
  const Timing timing = timing_of(visits, &Visit::original);
  CHECK(timing.p50.value.value_or(0) <= timing.p90.value.value_or(0));
  if (judges(paid)) {
    CHECK(*latency_ratio(visits, control_noise(visits)).ratio.value > 0.3);
    CHECK(*latency_ratio(visits, control_noise(visits)).ratio.value < 3);
    CHECK(*timing.load_time.n == 4);
  }
  const Footprint footprint = measure_footprint({}, test::deployed(model), samples, 1);
  CHECK(footprint.peak > (1u << 20));
  CHECK(footprint.file_backed > (1u << 20));
  CHECK(footprint.first_run > 0);
}

TEST_CASE("a visit tells the slower model from the faster, whichever comes first") {
  const Case data(5);
  const fs::path fast = data.save(kWeights, "fast.onnx"), slow = data.folder.path() / "slow.onnx";
  // The classifier behind a product of 300,000 columns that are summed again.
  test::Sketch s;
  const ValueId x = s.value("x", ValueType::tensor(DType::Float32, std::vector<Dim>{Dim{-1, "N"}, Dim{4, {}}}));
  const ValueId wide =
      s.node("MatMul", {x, s.constant("w", Tensor::fill<float>({4, 300000}, [](auto) {}))}, {}, "wide");
  const ValueId back =
      s.node("MatMul", {wide, s.constant("v", Tensor::fill<float>({300000, 3}, [](auto) {}))}, {}, "y");
  Graph graph = s.with_output(back);
  graph.inputs = {x};
  onnx::write(graph, slow);
  SharedSamples samples = data.samples();
  const auto ratio = [&](const fs::path& original, const fs::path& other) {
    std::vector<Visit> visits;
    for (int i = 0; i < 2; ++i)
      visits.push_back(visit({}, test::deployed(original), test::deployed(other), samples, {.seconds = 0.05}));
    return latency_ratio(visits, control_noise(visits)).ratio.value;
  };
  if (const auto slower = ratio(fast, slow)) CHECK(*slower > 3);
  if (const auto faster = ratio(slow, fast)) CHECK(*faster < 0.33);
}

TEST_CASE("docs/wire.md has the jobs that there are, and no others") {
  std::set<std::string> jobs, found;
  for (const Job& job : measure_jobs()) jobs.insert("| `" + std::string(job.name) + "` |");
  const std::string page = read_file(fs::path(BW_SOURCE) / "docs/wire.md");
  std::istringstream lines(page.substr(page.find("\n## Jobs")));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("| `")) found.insert(line.substr(0, line.find("` |") + 3));
  CHECK(found == jobs);
}

}  // namespace
}  // namespace bw
