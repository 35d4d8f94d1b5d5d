// Factors of AWQ against numpy's search with onnxruntime's own codes (tests/oracle/awq.py), and by what they must
// leave: the same outputs in float, and better ones with codes.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "method/golden.h"

using namespace bw;
using namespace bw::test;
using Catch::Approx;

namespace {

const Json& golden() {
  static const Json kGolden = golden_numbers("awq.json");
  return kGolden;
}

Inputs golden_inputs() {
  const auto x = golden().at("input").get<std::vector<float>>();
  return {{"x", Tensor::of<float>({60, 48}, std::span<const float>(x))}};
}

Plan plan_with(const std::string& recipe) {
  return plan_of(golden_graph("awq.onnx"), recipe, golden_inputs());
}

double loss(const std::string& recipe, std::size_t output) {
  const Graph graph = golden_graph("awq.onnx");
  return sqnr(run(lowered(graph, recipe, golden_inputs()), golden_inputs())[output],
              run(graph, golden_inputs())[output]);
}

}  // namespace

TEST_CASE("factors are those of numpy's search, for every product that reads an activation") {
  const Plan plan = plan_with("awq+weight-only(bits=4,block=16)");
  for (const auto& [site, constant, axis] : {std::tuple{"n", "a.w", 0}, {"n", "b.w", 1}, {"r", "c.w", 0}}) {
    CAPTURE(constant);
    const auto wanted = golden().at(site).at("factors").get<std::vector<double>>();
    const std::vector<float> met = factors_of(plan, constant, axis);
    REQUIRE(met.size() == wanted.size());
    for (std::size_t i = 0; i < met.size(); ++i) CHECK(met[i] == Approx(wanted[i]).epsilon(1e-4));
  }
  CHECK(plan.notes.front() == "2 of 2 activations are divided, and what reads them multiplied, by how large they are");
}

TEST_CASE("the float network computes what it computed, and its codes lose less") {
  const Graph graph = golden_graph("awq.onnx");
  const std::vector<std::vector<float>> wanted = run(graph, golden_inputs()),
                                        met = run(edited(graph, plan_with("awq+weight-only(block=16)").edits),
                                                  golden_inputs());
  for (std::size_t k = 0; k < wanted.size(); ++k) CHECK(sqnr(met[k], wanted[k]) > 100);
  const std::string codes = "weight-only(block=16,accuracy_level=1)";
  CHECK(loss("awq+" + codes, 0) > loss(codes, 0) + 2);
}

TEST_CASE("strengths are those that the chain's decider loses least with, whatever its codes are") {
  const std::vector<float> four = factors_of(plan_with("awq+weight-only(bits=4,block=16)"), "a.w", 0);
  CHECK(factors_of(plan_with("awq+weight-only(bits=8,block=32)"), "a.w", 0) != four);
  CHECK(loss("awq+float4(type=nvfp4)", 0) > loss("float4(type=nvfp4)", 0));
}

TEST_CASE("where all channels are as large as each other, nothing is divided") {
  const Graph graph = graph_of("  input %x: float32[6,32]\n" + weight("g", {32}, 1) + weight("w", {32, 20}, 2) +
                               "  %h: float32[6,32] = Mul(%x, %g)\n  %y: float32[6,20] = MatMul(%h, %w)\n"
                               "  output %y: float32[6,20]\n");
  const std::span<const float> factors = graph.value(graph.find("g")).initializer.data<float>();
  const Tensor even = Tensor::fill<float>({6, 32}, [&](std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = (i % 7 < 3 ? 1 : -1) / factors[i % 32];
  });
  const Plan plan = plan_of(graph, "awq+weight-only", {{"x", even}});
  CHECK(plan.edits.empty());
  CHECK(plan.notes.front() == "0 of 1 activations are divided, and what reads them multiplied, by how large they are");
}

TEST_CASE("where nothing is coded, or scales are not known yet, nothing is divided") {
  CHECK(plan_with("awq+weight-only(keep_float=*)").edits.empty());
  CHECK(plan_with("awq").edits.empty());
  CHECK(plan_with("awq+fp16").edits.empty());
}
