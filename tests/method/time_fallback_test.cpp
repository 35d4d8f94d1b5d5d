// Going back to float where that is faster, by times that are known.
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "method/graphs.h"

using namespace bw;
using namespace bw::test;

namespace {

// Three products of as many numbers, "a", "b" and "c", with a Softmax in floats before "b" if `parted`.
Graph products(bool parted) {
  const std::string middle = parted ? "  %s: float32[2,16] = Softmax(%h) @ \"soft\"\n" : "";
  return graph_of("  input %x: float32[2,16]\n" + weight("u", {16, 16}, 1) + weight("v", {16, 16}, 2) +
                  weight("w", {16, 16}, 3) + "  %h: float32[2,16] = MatMul(%x, %u) @ \"a\"\n" + middle +
                  "  %i: float32[2,16] = MatMul(%" + (parted ? "s" : "h") +
                  ", %v) @ \"b\"\n  %y: float32[2,16] = MatMul(%i, %w) @ \"c\"\n  output %y: float32[2,16]\n");
}

std::set<std::string> coded(const Plan& plan) {
  std::set<std::string> names;
  for (const auto& [name, node] : plan.nodes)
    if (node.changes()) names.insert(name);
  return names;
}

using Times = std::map<std::string, double>;  // microseconds, by node

// Knows what nodes take coded and in float; conversions are nodes named after their values.
class Stopwatch final : public Judge {
 public:
  Stopwatch(Times coded, Times original, double gain = 0.8)
      : coded_(std::move(coded)), original_(std::move(original)), gain_(gain) {}
  Retained retained(const Plan&) override { return {}; }
  LatencyRatio latency(const Plan& plan) override {
    if (gain_ == 0) return {missing_figure(Unit::Ratio, "too busy"), Verdict::Inconclusive};
    return {exact_figure(coded(plan).size() == 3 ? 1 : gain_, Unit::Ratio), Verdict::Better};
  }
  std::vector<NodeTime> profile(const Plan& plan) override {
    std::vector<NodeTime> times;
    for (const auto& [node, microseconds] : plan.nodes.empty() ? original_ : coded_)
      times.push_back({.node = node,
                       .op = {},
                       .kernel = node.ends_with("_quantized") ? "QuantizeLinear" : "any",
                       .seconds = 5e-6 * microseconds,
                       .calls = 5});
    return times;
  }

 private:
  const Times coded_, original_;
  const double gain_;
};

Plan divided(const Graph& graph, Judge& judge) {
  Sampled calibrator({{"x", numbers({2, 16}, 3)}});
  Task task = task_of(graph);
  task.calibrator = &calibrator;
  task.judge = &judge;
  return decide(resolve(parse_recipe("int8-static+time-fallback")), task);
}

using Set = std::set<std::string>;
const Times kInFloat{{"a", 10}, {"b", 10}, {"c", 10}};

}  // namespace

TEST_CASE("a node that is slower in integers goes back, if conversions do not take what it gains") {
  Stopwatch slow({{"a", 5}, {"b", 14}, {"c", 5}, {"x_quantized", 1}}, kInFloat);
  const Plan plan = divided(products(false), slow);
  CHECK(coded(plan) == Set{"a", "c"});
  CHECK(plan.nodes.at("b").reason == "in float it takes 10 us instead of 14, conversions apart");
  CHECK(plan.notes.back() == "with 1 node in float it takes 0.80 of the float model's time instead of 1.00");
  Stopwatch merged({{"a", 5}, {"b", 14}, {"c", 5}, {"x_quantized", 1}}, {{"a", 20}, {"c", 10}});
  CHECK(divided(products(false), merged).nodes.at("b").reason ==
        "in float a kernel beside it takes it along, in integers it takes 14 us");
  // Behind "a" and before "c" a conversion stands then: 4 us are gained, and 6 lost.
  Stopwatch conversions({{"a", 5}, {"b", 14}, {"c", 5}, {"x_quantized", 3}}, kInFloat);
  CHECK(coded(divided(products(false), conversions)) == Set{"a", "b", "c"});
}

TEST_CASE("a node that is faster in integers goes back where its conversions take more than it gains") {
  Stopwatch apart({{"a", 5}, {"b", 7}, {"c", 7}, {"x_quantized", 2}, {"s_quantized", 2}}, kInFloat);
  CHECK(coded(divided(products(true), apart)) == Set{"a", "b", "c"});
  Stopwatch dear({{"a", 9}, {"b", 8}, {"c", 9}, {"x_quantized", 4}, {"s_quantized", 4}}, kInFloat);
  CHECK(coded(divided(products(true), dear)).empty());
}

TEST_CASE("nothing goes back that the whole model does not gain from") {
  const Times slow{{"a", 5}, {"b", 30}, {"c", 5}, {"x_quantized", 1}};
  Stopwatch no_gain(slow, kInFloat, 0.99);
  const Plan plan = divided(products(false), no_gain);
  CHECK(coded(plan) == Set{"a", "b", "c"});
  CHECK(plan.notes.back() ==
        "with 1 node in float it takes 0.99 of the float model's time instead of 1.00: they stay in integers");
  Stopwatch busy(slow, kInFloat, 0);
  CHECK(coded(divided(products(false), busy)) == Set{"a", "b", "c"});
  Stopwatch fast({{"a", 5}, {"b", 5}, {"c", 5}, {"x_quantized", 1}}, kInFloat);
  CHECK(divided(products(false), fast).notes.back() ==
        "no node is faster in float, by what the runtime measures of each");
}
