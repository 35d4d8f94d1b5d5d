// Trying plans on samples that neither calibrate nor evaluate.
#include "bench/judge.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "bench/candidate.h"
#include "measure/small_data.h"

using namespace bw;
using Catch::Approx;

namespace {

// A classifier of four numbers with 40 samples, all of them of the calibration split.
struct Court {
  test::Case data{40};
  LoadedModel model = load_model(data.save(test::kWeights, "m.onnx"));
  Dataset dataset = opened();
  CalibrationChoice choice{.samples = 30, .runtime = "onnxruntime", .judged = true};

  Dataset opened() const {
    test::dataset_of(data.folder, data.graph, data.x, data.y);
    OpenOptions open;
    open.allow_overlap = true;
    return open_data_for(model, data.folder.path() / "samples.npz", open);
  }
  Plan plan() const {
    Plan plan;
    plan.target = "onnxruntime-cpu";
    return plan;
  }
};

}  // namespace

TEST_CASE("candidates are tried on samples that do not calibrate, a fifth of them at least", "[judge]") {
  const Court court;
  const Split split = court.dataset.calibration();
  const std::vector<std::size_t> judging = judging_samples(split, court.choice);
  CHECK(judging.size() == 10);
  const std::vector<std::size_t> calibrating = choose(split, 30, court.choice.seed);
  std::set<std::size_t> all(calibrating.begin(), calibrating.end());
  all.insert(judging.begin(), judging.end());
  CHECK(all.size() == 40);

  CalibrationChoice many = court.choice;
  many.samples = 1000;
  CHECK(calibrating_samples(40, many) == 32);
  CHECK(judging_samples(split, many).size() == 8);
  many.judged = false;
  CHECK(calibrating_samples(40, many) == 40);
  CHECK(judging_samples(split, many).empty());
}

TEST_CASE("a plan is judged by what it keeps of the float model's score on those samples", "[judge]") {
  const Court court;
  BenchJudge judge(court.model, court.dataset, court.choice);
  CHECK(*judge.retained(court.plan()).accuracy.value == 1);
  // The scores of the classes change places: what was right is wrong.
  Plan worse = court.plan();
  std::vector<float> other = test::kWeights;
  for (std::size_t row = 0; row < 4; ++row) std::rotate(&other[3 * row], &other[3 * row] + 1, &other[3 * row] + 3);
  worse.edits = {ReplaceConstant{"w", Tensor::of<float>({4, 3}, std::span<const float>(other))}};
  const auto right = [&](const std::vector<float>& weights) {
    double count = 0;
    const std::vector<std::size_t> judging = judging_samples(court.dataset.calibration(), court.choice);
    for (const std::size_t sample : judging) {
      float best = -1e9f;
      std::int64_t label = -1;
      for (std::size_t c = 0; c < 3; ++c) {
        float score = 0;
        for (std::size_t i = 0; i < 4; ++i) score += court.data.x[4 * sample + i] * weights[3 * i + c];
        if (score > best) best = score, label = static_cast<std::int64_t>(c);
      }
      count += label == court.data.y[sample];
    }
    return count;
  };
  CHECK(*judge.retained(worse).accuracy.value == Approx(right(other) / right(test::kWeights)));
}

TEST_CASE("a plan is timed beside the float model, and its nodes are", "[judge]") {
  const Court court;
  BenchJudge judge(court.model, court.dataset, court.choice);
  const LatencyRatio ratio = judge.latency(court.plan());
  if (ratio.ratio.value) CHECK(*ratio.ratio.value == Approx(1).margin(0.7));
  const std::vector<NodeTime> nodes = judge.profile(court.plan());
  REQUIRE(!nodes.empty());
  CHECK(std::ranges::any_of(nodes, [](const NodeTime& node) { return node.op == "MatMul"; }));
}
