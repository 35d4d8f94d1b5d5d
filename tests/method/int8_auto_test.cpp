// What int8-auto takes, by a judge whose answers are known.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "base/error.h"
#include "method/graphs.h"

using namespace bw;
using namespace bw::test;

namespace {

const Graph& network() {
  static const Graph kNetwork =
      graph_of("  input %x: float32[2,8]\n" + weight("w", {8, 6}, 1) + weight("v", {6, 4}, 2) +
               "  %h: float32[2,6] = MatMul(%x, %w) @ \"first\"\n  %r: float32[2,6] = Relu(%h) @ \"relu\"\n"
               "  %y: float32[2,4] = MatMul(%r, %v) @ \"second\"\n  output %y: float32[2,4]\n");
  return kNetwork;
}

bool has(const Plan& plan, const std::string& part) {
  return std::ranges::any_of(plan.notes, [&](const auto& note) { return note.find(part) != note.npos; });
}
std::size_t integers(const Plan& plan) {
  return static_cast<std::size_t>(
      std::ranges::count_if(plan.nodes, [](const auto& n) { return n.second.compute == Precision::Integer; }));
}
bool is_dynamic(const Plan& plan) {
  return std::ranges::any_of(plan.nodes, [](const auto& n) { return n.second.compute == Precision::Dynamic; });
}
bool by_channel(const Plan& plan) {
  const auto first = plan.nodes.find("first");
  return first != plan.nodes.end() && first->second.operands.contains(1) &&
         first->second.operands.at(1).scales.size() > 1;
}
bool was_searched(const Plan& plan) {
  return has(plan, "the ranges of");
}

bool is_in_integers(const Plan& plan, const char* node) {
  const auto found = plan.nodes.find(node);
  return found != plan.nodes.end() && found->second.compute == Precision::Integer;
}

struct Answers {
  double channel = 0.5, tensor = 0.5, dynamic = 0.8;  // times
  double without = 0;                                 // of a plan with "second" in float; 0: that is as the others
  double narrow = 0;                                  // of a plan with "first" in integers; 0: that is as the others
  double alone = 0.5;                                 // that of one node in integers
  double (*outputs)(const Plan& plan) = [](const Plan& plan) { return by_channel(plan) ? 0.95 : 0.9; };
  double (*accuracy)(const Plan& plan) = [](const Plan&) { return 1.0; };
  bool by_fidelity = false;
};

class Told final : public Judge {
 public:
  explicit Told(Answers answers) : answers_(answers) {}
  Retained retained(const Plan& plan) override {
    return {.accuracy = exact_figure(answers_.accuracy(plan), Unit::Ratio),
            .outputs = exact_figure(answers_.outputs(plan), Unit::Fraction),
            .by_fidelity = answers_.by_fidelity};
  }
  LatencyRatio latency(const Plan& plan) override {
    const bool in_float = !is_dynamic(plan) && !is_in_integers(plan, "second");
    const double time = in_float && answers_.without > 0                       ? answers_.without
                        : is_in_integers(plan, "first") && answers_.narrow > 0 ? answers_.narrow
                        : is_dynamic(plan)                                     ? answers_.dynamic
                        : integers(plan) == 1                                  ? answers_.alone
                        : by_channel(plan)                                     ? answers_.channel
                                                                               : answers_.tensor;
    if (time == 0) return {missing_figure(Unit::Ratio, "too busy"), Verdict::Inconclusive};
    return {exact_figure(time, Unit::Ratio), Verdict::Better};
  }
  // "second" takes longer in integers.
  std::vector<NodeTime> profile(const Plan& plan) override {
    const auto time = [](const char* node, double seconds) {
      return NodeTime{.node = node, .op = {}, .kernel = {}, .seconds = seconds, .calls = 1};
    };
    return {time("first", plan.nodes.empty() ? 3e-5 : 1e-5), time("second", plan.nodes.empty() ? 3e-5 : 4e-5)};
  }

 private:
  const Answers answers_;
};

Plan taken(const Graph& graph, const Inputs& inputs, Answers answers, const std::string& recipe = "int8-auto") {
  Told judge(answers);
  Sampled calibrator(inputs);
  Task task = task_of(graph);
  task.judge = &judge;
  task.calibrator = &calibrator;
  return decide(resolve(parse_recipe(recipe)), task);
}

Plan taken(Answers answers, const std::string& recipe = "int8-auto") {
  return taken(network(), {{"x", numbers({2, 8}, 7)}}, answers, recipe);
}

}  // namespace

TEST_CASE("of what is equally fast the most exact is taken, of the rest the fastest") {
  CHECK(by_channel(taken({})));
  CHECK(by_channel(taken({.channel = 0.51})));
  CHECK_FALSE(by_channel(taken({.channel = 0.6})));
  CHECK_FALSE(is_dynamic(taken({.channel = 0.6})));
  CHECK(is_dynamic(taken({.dynamic = 0.3})));
}

TEST_CASE("half of the error is worth six hundredths of the time") {
  const auto outputs = [](const Plan& plan) { return by_channel(plan) ? 0.96 : 0.9; };
  CHECK(by_channel(taken({.channel = 0.52, .outputs = outputs})));
  CHECK_FALSE(by_channel(taken({.channel = 0.54, .outputs = outputs})));
  CHECK_FALSE(
      by_channel(taken({.channel = 0.52, .outputs = [](const Plan& p) { return by_channel(p) ? 0.94 : 0.9; }})));
}

TEST_CASE("what is as exact to three hundredths of its error is not taken, and what is better is") {
  CHECK_FALSE(was_searched(taken({})));
  CHECK(was_searched(taken({.outputs = [](const Plan& plan) { return was_searched(plan) ? 0.96 : 0.95; }})));
  CHECK_FALSE(was_searched(taken({.outputs = [](const Plan& plan) { return was_searched(plan) ? 0.951 : 0.95; }})));
}

TEST_CASE("a slower beginning is taken where the fastest keeps too little") {
  const Plan plan = taken({.channel = 0.7, .accuracy = [](const Plan& p) { return by_channel(p) ? 0.995 : 0.9; }});
  CHECK(by_channel(plan));
  CHECK(has(plan, "int8-auto takes int8-static"));
}

TEST_CASE("nodes go back to float where no way keeps what is asked for") {
  const auto keeps = [](const Plan& plan) { return integers(plan) >= 2 || is_dynamic(plan) ? 0.9 : 0.995; };
  const Plan plan = taken({.accuracy = keeps});
  CHECK(integers(plan) == 1);
  CHECK(has(plan, "+fallback"));
  CHECK(integers(taken({.accuracy = keeps}, "int8-auto(accuracy=0.85)")) >= 2);
  CHECK(integers(taken({.alone = 0.95, .accuracy = keeps})) == 1);  // answers are asked for at any time
}

TEST_CASE("of outputs that are numbers 0.95 is asked for, then 0.9 where that costs more than half of the gain") {
  const auto in_integers = [](const Plan& p) { return is_dynamic(p) ? 2 : integers(p); };
  static constexpr double kKeeps[] = {1, 0.92, 0.85};
  const auto keeps = [](const Plan& p) { return kKeeps[is_dynamic(p) ? 2 : std::min<std::size_t>(integers(p), 2)]; };
  const Plan plan = taken({.accuracy = keeps, .by_fidelity = true});
  CHECK(in_integers(plan) == 1);
  CHECK(has(plan, "+fallback(accuracy=0.95): the method changes nothing"));
  CHECK(has(plan, "+fallback(accuracy=0.9): keeps"));
  CHECK(in_integers(taken({.alone = 0.74, .accuracy = keeps, .by_fidelity = true})) == 1);
  CHECK(in_integers(taken({.alone = 0.76, .accuracy = keeps, .by_fidelity = true})) >= 2);
  CHECK(in_integers(taken({.alone = 0, .accuracy = keeps, .by_fidelity = true})) == 1);  // too busy: one layer of two
  CHECK(in_integers(taken({.accuracy = keeps, .by_fidelity = true}, "int8-auto(accuracy=0.8)")) >= 2);
  const Plan near = taken({.accuracy = [](const Plan&) { return 0.96; }, .by_fidelity = true});
  CHECK_FALSE(has(near, "+fallback"));
  CHECK(has(taken({.accuracy = [](const Plan&) { return 0.96; }}), "+fallback"));
}

TEST_CASE("what is slower than float is no beginning where another is faster") {
  const Plan plan =
      taken({.channel = 1.2, .dynamic = 1.5, .accuracy = [](const Plan& p) { return by_channel(p) ? 1 : 0.5; }});
  CHECK_FALSE(by_channel(plan));
}

TEST_CASE("nodes that lose time stay in float where the whole is faster then, also in what is added after") {
  const auto outputs = [](const Plan& plan) { return was_searched(plan) ? 0.97 : 0.95; };
  const Plan plan = taken({.channel = 1.2, .tensor = 1.2, .dynamic = 1.1, .without = 0.7, .outputs = outputs});
  CHECK(is_in_integers(plan, "first"));
  CHECK_FALSE(is_in_integers(plan, "second"));
  CHECK(plan.nodes.at("second").reason == "in float it takes 30 us instead of 40, conversions apart");
  CHECK(was_searched(plan));
  CHECK(has(plan, "with 1 node in float it takes 0.70 of the float model's time instead of 1.20"));
  CHECK(is_in_integers(taken({.channel = 0.7, .without = 0.7}), "second"));
}

TEST_CASE("narrow convolutions are in integers where the whole is faster then") {
  const Graph graph =
      graph_of("  input %x: float32[1,3,4,4]\n" + weight("w", {32, 3, 1, 1}, 1) + weight("v", {512, 4}, 2) +
               "  %c: float32[1,32,4,4] = Conv(%x, %w) @ \"first\"\n  %f: float32[1,512] = Flatten(%c)\n"
               "  %y: float32[1,4] = MatMul(%f, %v) @ \"second\"\n  output %y: float32[1,4]\n");
  const Inputs inputs{{"x", numbers({1, 3, 4, 4}, 7)}};
  CHECK(is_in_integers(taken(graph, inputs, {.narrow = 0.4}), "first"));
  CHECK_FALSE(is_in_integers(taken(graph, inputs, {.narrow = 0.6}), "first"));
}

TEST_CASE("what computes little in integers beside another way is no beginning") {
  const Graph graph =
      graph_of("  input %x: float32[1,32,4,4]\n" + weight("w", {32, 32, 1, 1}, 1) + weight("v", {512, 4}, 2) +
               "  %c: float32[1,32,4,4] = Conv(%x, %w) @ \"first\"\n  %f: float32[1,512] = Flatten(%c)\n"
               "  %y: float32[1,4] = MatMul(%f, %v) @ \"second\"\n  output %y: float32[1,4]\n");
  const Plan plan = taken(graph, {{"x", numbers({1, 32, 4, 4}, 7)}}, {.dynamic = 0.1});
  CHECK_FALSE(is_dynamic(plan));
  CHECK(has(plan, "left out int8-dynamic: it computes 11 % of the work in integers, another 100 %"));
}

TEST_CASE("where the machine is too busy for times, what computes most in integers passes for the fastest") {
  // Whose convolution is computed in floats by the one way that is more exact.
  const Graph graph =
      graph_of("  input %x: float32[1,32,4,4]\n" + weight("w", {32, 32, 1, 1}, 1) + weight("v", {512, 40}, 2) +
               "  %c: float32[1,32,4,4] = Conv(%x, %w) @ \"first\"\n  %f: float32[1,512] = Flatten(%c)\n"
               "  %y: float32[1,40] = MatMul(%f, %v) @ \"second\"\n  output %y: float32[1,40]\n");
  const Plan plan =
      taken(graph, {{"x", numbers({1, 32, 4, 4}, 7)}},
            {.channel = 0, .dynamic = 0.1, .outputs = [](const Plan& p) { return is_dynamic(p) ? 0.99 : 0.9; }});
  CHECK_FALSE(is_dynamic(plan));
  CHECK(has(plan, "tried int8-static: keeps 90.00 % of the outputs, 100.0 % of the accuracy, too busy"));
}

TEST_CASE("what was tried is told, and why a way does not take the model") {
  const Plan plan = taken({.channel = 0.4});
  CHECK(has(plan, "tried int8-static: keeps 95.00 % of the outputs, 100.0 % of the accuracy, takes 0.40 of the time"));
  CHECK(has(plan, "tried int8-dynamic"));
  CHECK(has(plan, "int8-auto takes int8-static"));
  const Graph nothing =
      graph_of("  input %x: float32[2]\n  %y: float32[2] = Relu(%x) @ \"y\"\n  output %y: float32[2]\n");
  CHECK_THROWS_AS(taken(nothing, {{"x", numbers({2}, 7)}}, {}), Error);
}
