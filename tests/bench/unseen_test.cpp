// No evaluation sample reaches a method: here each of them is NaN, which neither calibration nor judging lets pass.
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <limits>
#include <set>

#include "base/error.h"
#include "bench/maker.h"
#include "measure/small_data.h"

using namespace bw;

namespace {

// A classifier of four numbers; `calibration` names the split that methods get.
struct Poisoned {
  test::Case clean{64};
  test::Folder folder;
  LoadedModel model = load_model(clean.save(test::kWeights, "m.onnx"));
  CalibrationChoice choice{.samples = 40, .runtime = "onnxruntime", .judged = true};

  void samples(const char* file, const std::vector<float>& x) const {
    test::put(
        folder.path() / file,
        test::zip({{.name = "x.npy", .content = test::npy(Tensor::of<float>({64, 4}, std::span<const float>(x)))},
                   {.name = "y.npy",
                    .content = test::npy(Tensor::of<std::int64_t>({64}, std::span<const std::int64_t>(clean.y)))}}));
  }
  Dataset opened(const std::string& calibration, const std::string& evaluation) const {
    samples("clean.npz", clean.x);
    samples("poison.npz", std::vector<float>(clean.x.size(), std::numeric_limits<float>::quiet_NaN()));
    test::put(folder.path() / "dataset.yaml",
              "version: 1\ntask: classification\nsource: {kind: npz}\ninputs:\n  x: {from: x}\nlabel: {from: y}\n"
              "splits:\n  clean: {path: clean.npz}\n  poison: {path: poison.npz}\n");
    OpenOptions open;
    open.calibration = calibration;
    open.evaluation = evaluation;
    return open_data_for(model, folder.path() / "dataset.yaml", open);
  }
};

// Every method that looks at data or asks the judge, as bench tries it.
std::set<std::string> recipes_that_look() {
  std::set<std::string> found;
  for (const Method& method : methods())
    for (const std::string_view recipe : method.usual)
      if (needs_judge(resolve(parse_recipe(recipe))) || method.needs != nullptr) found.emplace(recipe);
  for (const char* recipe :
       {"int8-auto(budget=2)", "int8-static+smooth", "int8-static+equalize", "int8-static+range-search",
        "int8-static+bias-correction(means=quantized)", "int8-static+adaround(steps=20)", "int8-static+fallback"})
    found.insert(recipe);
  return found;
}

}  // namespace

TEST_CASE("no method sees a sample of the evaluation split") {
  const Poisoned data;
  const Dataset dataset = data.opened("clean", "poison");
  Checkpoint checkpoint;
  Maker maker(data.model, target_named("onnxruntime-cpu"), &dataset, data.choice, checkpoint);
  for (const std::string& recipe : recipes_that_look()) {
    INFO(recipe);
    const Made made = maker.make(parse_recipe(recipe));
    for (const auto& [name, node] : made.candidate.plan.nodes)
      for (const auto& [position, codes] : node.operands)
        for (const float scale : codes.scales) CHECK(std::isfinite(scale));
  }
}

TEST_CASE("a method that saw one of those samples would be noticed") {
  const Poisoned data;
  const Dataset dataset = data.opened("poison", "clean");
  Checkpoint checkpoint;
  Maker maker(data.model, target_named("onnxruntime-cpu"), &dataset, data.choice, checkpoint);
  CHECK_THROWS_AS(maker.make(parse_recipe("int8-static")), Error);
  BenchJudge judge(data.model, dataset, data.choice);
  Plan plan;
  plan.target = "onnxruntime-cpu";
  CHECK_THROWS_AS(judge.retained(plan), Error);
}
