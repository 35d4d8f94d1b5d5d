// Smoothing against numpy's (tests/oracle/smoothing.py), and by what it must leave: the same outputs.
#include "method/golden.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace bw;
using namespace bw::test;
using Catch::Approx;

namespace {

const Json& golden() {
  static const Json kGolden = golden_numbers("smoothing.json");
  return kGolden;
}

Inputs golden_inputs() {
  const auto x = golden().at("input").get<std::vector<float>>();
  return {{"x", Tensor::of<float>({40, 12}, std::span<const float>(x))}};
}

void check_factors(const Plan& plan, const Json& wanted, const std::string& weight, int axis) {
  INFO(weight);
  const std::vector<float> met = factors_of(plan, weight, axis);
  REQUIRE(met.size() == wanted.size());
  for (std::size_t i = 0; i < met.size(); ++i) CHECK(met[i] == Approx(wanted[i].get<double>()).epsilon(1e-4));
}

void check_same_outputs(const Graph& graph, const Graph& changed, const Inputs& inputs) {
  const std::vector<Tensor> before = evaluate(graph, inputs), after = evaluate(changed, inputs);
  for (std::size_t k = 0; k < before.size(); ++k) {
    const std::vector<float> wanted = to_floats(before[k]), met = to_floats(after[k]);
    for (std::size_t i = 0; i < met.size(); ++i) CHECK(met[i] == Approx(wanted[i]).epsilon(1e-4).margin(1e-4));
  }
}

// A normalization as `made` spells it, and what reads it.
std::string site(const std::string& made, const std::string& readers = "") {
  return "  input %x: float32[6,4]\n" + weight("w", {4, 5}, 1) + weight("v", {4, 3}, 2) +
         "  const %g: float32[4] = float32[4] {1, 30, 2, 1}\n  const %b: float32[4] = float32[4] {0.5, 1, -2, 0}\n"
         "  const %one: float32[1] = float32[1] {2}\n" +
         made + "  %y: float32[6,5] = MatMul(%h, %w) @ \"y\"\n  %z: float32[6,3] = MatMul(%h, %v) @ \"z\"\n" + readers +
         "  output %y: float32[6,5]\n  output %z: float32[6,3]\n";
}

std::size_t edits(const std::string& body, const std::string& recipe = "smooth(strength=0.5)") {
  const Graph graph = graph_of(body);
  const Inputs inputs{{"x", numbers({6, 4}, 3)}};
  const Plan plan = plan_of(graph, recipe, inputs);
  check_same_outputs(graph, edited(graph, plan.edits), inputs);
  return plan.edits.size();
}

}  // namespace

TEST_CASE("factors of a strength, and of the best one, are those of an implementation in numpy") {
  for (const auto& [recipe, name] :
       {std::pair{"smooth(strength=0.5)", "half"}, {"smooth(strength=0.7)", "strong"}, {"smooth", "best"}}) {
    const Plan plan = plan_of(golden_graph("smooth.onnx"), recipe, golden_inputs());
    check_factors(plan, golden().at(name).at("n"), "b.w", 1);
    check_factors(plan, golden().at(name).at("n"), "a.w", 0);
    check_factors(plan, golden().at(name).at("r"), "c.w", 0);
  }
  CHECK(golden().at("half") != golden().at("best"));
}

TEST_CASE("a smoothed network computes what it computed before, and better in integers") {
  const Graph graph = golden_graph("smooth.onnx");
  check_same_outputs(graph, edited(graph, plan_of(graph, "smooth", golden_inputs()).edits), golden_inputs());
  const std::vector<std::vector<float>> wanted = run(graph, golden_inputs());
  const auto loss = [&](const char* recipe) {
    return sqnr(run(lowered(graph, recipe, golden_inputs()), golden_inputs())[0], wanted[0]);
  };
  CHECK(loss("smooth+int8-static") > loss("int8-static") + 6);
}

TEST_CASE("the division goes into normalizations, factors, and products, where nobody else reads") {
  CHECK(edits(site("  %h: float32[6,4] = LayerNormalization(%x, %g, %b)\n")) == 4);
  CHECK(edits(site("  %h: float32[6,4] = LayerNormalization(%x, %g)\n")) == 3);
  CHECK(edits(site("  %m: float32[6,4] = Mul(%x, %g)\n  %h: float32[6,4] = Add(%b, %m)\n")) == 4);
  CHECK(edits(site("  %m: float32[6,4] = Mul(%x, %g)\n  %h: float32[6,4] = Relu(%m)\n")) == 3);
  const std::string square = weight("s", {4, 4}, 4);
  CHECK(edits(site(square + "  %h: float32[6,4] = Gemm(%x, %s, %b)\n")) == 4);
  CHECK(edits(site(square + "  %m: float32[6,4] = MatMul(%x, %s)\n  %h: float32[6,4] = Add(%m, %b)\n")) == 4);
  for (const char* left : {"  %h: float32[6,4] = Mul(%x, %one)\n", "  %h: float32[6,4] = Sigmoid(%x)\n",
                           "  %h: float32[6,4] = Add(%x, %b)\n"}) {
    INFO(left);
    CHECK(edits(site(left)) == 0);
    CHECK(edits(site(left), "smooth(strength=0.5,residual=divided)") == 4);
  }
}

TEST_CASE("what others read too is left, or gets a Mul for the products alone") {
  const std::string made = "  %h: float32[6,4] = LayerNormalization(%x, %g, %b)\n",
                    residual = "  %n: float32[6,4] = Neg(%h)\n  output %n: float32[6,4]\n";
  CHECK(edits(site(made, residual)) == 0);
  CHECK(edits(site(made, "  output %h: float32[6,4]\n")) == 0);
  CHECK(edits(site(made, residual), "smooth(strength=0.5,residual=divided)") == 4);
  const Plan plan = plan_of(graph_of(site(made, residual)), "smooth", {{"x", numbers({6, 4}, 3)}});
  CHECK(plan.notes.back() == "1 activations are left, since what makes them takes no division");
}

TEST_CASE("an activation of one channel has nothing to move, and is left as it is") {
  const Graph graph =
      graph_of("  input %x: float32[6,1]\n  const %g: float32[1] = float32[1] {3}\n" + weight("w", {1, 5}, 1) +
               "  %h: float32[6,1] = Mul(%x, %g)\n  %y: float32[6,5] = MatMul(%h, %w)\n"
               "  output %y: float32[6,5]\n");
  const Plan plan = plan_of(graph, "smooth", {{"x", numbers({6, 1}, 3)}});
  CHECK(plan.edits.empty());
  CHECK(plan.notes.front() == "0 of 1 activations are smoothed");
}
