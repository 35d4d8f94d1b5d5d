// Which level is taken, by a judge whose answers are known.
#include <catch2/catch_test_macros.hpp>

#include "method/graphs.h"

using namespace bw;
using namespace bw::test;

namespace {

const Graph& network() {
  static const Graph kNetwork = graph_of("  input %x: float32[2,64]\n" + weight("w", {64, 32}, 1) +
                                         "  %y: float32[2,32] = MatMul(%x, %w) @ \"y\"\n  output %y: float32[2,32]\n");
  return kNetwork;
}

struct Answer {
  double accuracy, time;  // time 0: the machine was too busy
};

class Told final : public Judge {
 public:
  Told(Answer integers, Answer floats) : integers_(integers), floats_(floats) {}
  Retained retained(const Plan& plan) override {
    return {.accuracy = exact_figure(of(plan).accuracy, Unit::Fraction), .outputs = {}};
  }
  LatencyRatio latency(const Plan& plan) override {
    if (of(plan).time == 0) return {missing_figure(Unit::Ratio, "too busy"), Verdict::Inconclusive};
    return {exact_figure(of(plan).time, Unit::Ratio), Verdict::Better};
  }
  std::vector<NodeTime> profile(const Plan&) override { return {}; }

 private:
  const Answer& of(const Plan& plan) const { return plan.lowering.at("accuracy_level") == "4" ? integers_ : floats_; }
  Answer integers_, floats_;
};

Plan taken(Answer integers, Answer floats, const std::string& recipe = "weight-only+accuracy-level") {
  Told judge(integers, floats);
  Task task = task_of(network());
  task.judge = &judge;
  return decide(resolve(parse_recipe(recipe)), task);
}

std::string level(const Plan& plan) {
  return plan.lowering.at("accuracy_level");
}

}  // namespace

TEST_CASE("the faster one is taken where it keeps nearly as much") {
  CHECK(level(taken({0.998, 0.7}, {1, 0.8})) == "4");
  CHECK(level(taken({0.99, 0.7}, {1, 0.8})) == "1");
  CHECK(level(taken({1, 0.9}, {0.998, 0.8})) == "1");
  CHECK(level(taken({0.99, 0.7}, {1, 0.8}, "weight-only(accuracy_level=4)+accuracy-level(accuracy=0.98)")) == "4");
  CHECK(taken({0.998, 0.7}, {1, 0.8}).notes.back() ==
        "accuracy_level 4 (activations in 8 bits) keeps 99.80 % of the accuracy and takes 0.70 of the time, 1 (floats) "
        "keeps 100.00 % of the accuracy and takes 0.80 of the time: 4 is taken");
}

TEST_CASE("where times are not known the more exact one is taken") {
  CHECK(level(taken({0.998, 0.7}, {1, 0})) == "1");
  CHECK(level(taken({1, 0}, {0.998, 0.8})) == "4");
  CHECK(taken({1, 0}, {0.998, 0.8}).notes.back().find("keeps 100.00 % of the accuracy, too busy, 1") !=
        std::string::npos);
  CHECK(level(taken({0.998, 0}, {1, 0.8})) == "1");
}

TEST_CASE("there is nothing to take where no product has stored codes") {
  const Plan plan = taken({1, 0.5}, {1, 1}, "fp16+accuracy-level");
  CHECK(plan.lowering.empty());
  CHECK(plan.notes.empty());
}
