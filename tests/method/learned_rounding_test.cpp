// Learned rounding against PyTorch's gradients and Adam (tests/oracle/rounding.py).
#include "method/learned_rounding.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "base/parallel.h"
#include "method/golden.h"

using namespace bw;
using namespace bw::test;
using Catch::Approx;

namespace {

std::vector<float> flat(const Json& rows) {
  std::vector<float> all;
  for (const Json& row : rows)
    for (const Json& x : row) all.push_back(x.get<float>());
  return all;
}

// A layer of the golden file with what its spans point to.
struct Layer {
  std::vector<float> x, wanted, weights;
  RoundingTask task;

  explicit Layer(const Json& json)
      : x(flat(json.at("x"))), wanted(flat(json.at("wanted"))), weights(flat(json.at("weights"))) {
    task = {.rows = json.at("x").size(),
            .inner = json.at("weights").size(),
            .outputs = json.at("bias").size(),
            .x = x,
            .wanted = wanted,
            .weights = weights,
            .bias = json.at("bias").get<std::vector<float>>(),
            .scales = json.at("scales").get<std::vector<float>>(),
            .zero_points = json.at("zero_points").get<std::vector<float>>(),
            .codes = {json.at("codes_range")[0], json.at("codes_range")[1]}};
    const Json& passes = json.at("passes");
    if (!passes[0].is_null()) task.passes.low = passes[0];
    if (!passes[1].is_null()) task.passes.high = passes[1];
  }
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;
};

const Json& golden() {
  static const Json kGolden = golden_numbers("rounding.json");
  return kGolden;
}

LearnedRounding learned_of(const Json& one) {
  const Layer layer(one.at("layer"));
  return learned_rounding(layer.task, {.steps = one.at("steps"), .batch = 16});
}

}  // namespace

TEST_CASE("what is learned is what PyTorch learns by its own gradients") {
  for (const Json& one : golden()) {
    const LearnedRounding learned = learned_of(one);
    const std::vector<float> wanted = flat(one.at("learned").at("codes"));
    REQUIRE(learned.codes.size() == wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(learned.codes[i] == wanted[i]);
    CHECK(learned.error == Approx(one.at("learned").at("error").get<double>()).epsilon(1e-4));
    CHECK(learned.nearest_error == Approx(one.at("learned").at("nearest_error").get<double>()).epsilon(1e-4));
    CHECK(one.at("learned").at("changed") > 3);  // else rounding to the nearest would pass as well
    CHECK(learned.error < 0.8 * learned.nearest_error);
  }
}

TEST_CASE("what is learned does not depend on the number of threads") {
  const auto with = [](int threads) {
    const ThreadLimit limit(threads);
    return learned_of(golden()[1]).codes;
  };
  CHECK(with(1) == with(3));
}

TEST_CASE("few rows are one batch, and none is held back where there are less than eight") {
  const Layer all(golden()[0].at("layer"));
  RoundingTask few = all.task;
  few.rows = 5;
  const LearnedRounding learned = learned_rounding(few, {.steps = 10, .batch = 16});
  CHECK(learned.error == 0);
  CHECK(learned.codes.size() == few.weights.size());
}
