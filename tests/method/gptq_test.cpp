// gptq on whole networks: outputs that are nearer to the float network's, whatever layers read and however weights lie.
// Its codes for one layer are held against the paper's algorithm in successive_rounding_test.cpp.
#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "method/graphs.h"

using namespace bw;
using namespace bw::test;

namespace {

// A convolution of two groups, and products as each operator spells them; large enough for blocks.
const Graph& network() {
  static const Graph kNetwork =
      graph_of("  input %x: float32[1,8,6,6]\n" + weight("w", {36, 4, 3, 3}, 1) + weight("b", {36}, 2) +
                   weight("v", {32, 36}, 3) + weight("u", {32, 7}, 4) + "  const %axes: int64[2] = int64[2] {2, 3}\n" +
                   "  %c: float32[1,36,6,6] = Conv(%x, %w, %b) {group = 2, pads = ints [1, 1, 1, 1]} @ \"conv\"\n"
                   "  %r: float32[1,36,6,6] = Relu(%c) @ \"relu\"\n"
                   "  %p: float32[1,36] = ReduceMean(%r, %axes) {keepdims = 0} @ \"pool\"\n"
                   "  %g: float32[1,32] = Gemm(%p, %v) {transB = 1} @ \"gemm\"\n"
                   "  %y: float32[1,7] = MatMul(%g, %u) @ \"matmul\"\n  output %y: float32[1,7]\n",
               18);
  return kNetwork;
}

std::vector<Inputs> samples(std::size_t count, std::uint64_t seed) {
  std::vector<Inputs> all;
  for (std::size_t s = 0; s < count; ++s) {
    Random random(seed + s);
    const double level = random.normal();  // what the numbers of a sample have in common, of the last channels by turns
    all.push_back({{"x", Tensor::fill<float>({1, 8, 6, 6}, [&](std::span<float> out) {
                      for (std::size_t i = 0; i < out.size(); ++i) {
                        const std::size_t channel = i / 36;
                        out[i] =
                            static_cast<float>((channel > 4 && channel % 2 ? -level : level) + random.normal() / 3);
                      }
                    })}});
  }
  return all;
}

Plan plan_with(const std::string& recipe, std::size_t count = 48) {
  Many calibrator(samples(count, 100));
  Task task = task_of(network());
  task.calibrator = &calibrator;
  return decide(resolve(parse_recipe(recipe)), task);
}

// Decibels over samples that nobody calibrated on.
double met(const Plan& plan) {
  const Graph coded = built(network(), plan).graph;
  std::vector<float> all, wanted;
  for (const Inputs& inputs : samples(40, 1000)) {
    const std::vector<float> own = run(coded, inputs)[0], exact = run(network(), inputs)[0];
    all.insert(all.end(), own.begin(), own.end());
    wanted.insert(wanted.end(), exact.begin(), exact.end());
  }
  return sqnr(all, wanted);
}

}  // namespace

TEST_CASE("what is rounded successively loses less than what is rounded to the nearest") {
  for (const char* decider :
       {"weight-only(bits=4,block=16,accuracy_level=1,convolutions=yes)", "weight-only(bits=3,accuracy_level=1)",
        "weight-only(bits=2,block=16,symmetric=no,accuracy_level=1)"})
    for (const char* own : {"gptq", "gptq(inputs=coded)", "gptq(order=activity)", "gptq(scales=kept)"}) {
      CAPTURE(decider, own);
      const double nearest = met(plan_with(decider)), successive = met(plan_with(std::string(decider) + "+" + own));
      CAPTURE(nearest, successive);
      CHECK(successive > nearest + 1.5);
    }
}

TEST_CASE("what is rounded by signs of gradients loses less than what is rounded to the nearest") {
  for (const char* decider : {"weight-only(bits=3,accuracy_level=1)", "weight-only(bits=4,block=16,accuracy_level=1)"})
    for (const char* own : {"signround", "signround(scales=kept)", "signround(inputs=coded)"}) {
      CAPTURE(decider, own);
      CHECK(met(plan_with(std::string(decider) + "+" + own)) > met(plan_with(decider)) + 1);
    }
  const Plan plan = plan_with("weight-only(bits=3)+signround(steps=3)");
  CHECK(plan.notes.back() == "the rounding of 2 layers is learned by the signs of its gradients");
}

TEST_CASE("convolutions of several groups are rounded too, each group by what it reads") {
  const Plan nearest = plan_with("int8-static(weights=s4,keep_float=gemm|matmul)"),
             plan = plan_with("int8-static(weights=s4,keep_float=gemm|matmul)+gptq(scales=kept)");
  const QParams& params = plan.nodes.at("conv").operands.at(1);
  REQUIRE(params.codes);
  CHECK(params.codes.shape() == Shape{36, 4, 3, 3});
  CHECK(params.scales == nearest.nodes.at("conv").operands.at(1).scales);
  CHECK(met(plan) > met(nearest) + 1);
  CHECK(plan.notes.back() == "the rounding of 1 layers makes up for its own errors");
}

TEST_CASE("layers that compute in integers keep their scales, from which their biases' codes follow") {
  const auto codes = [](const char* recipe) { return plan_with(recipe).nodes.at("conv").operands; };
  const auto decided = codes("int8-static");
  REQUIRE(decided.contains(2));
  for (const char* recipe :
       {"int8-static+gptq", "int8-static+signround", "int8-static+clip", "int8-static+importance"}) {
    CAPTURE(recipe);
    const auto refined = codes(recipe);
    CHECK(refined.at(1).scales == decided.at(1).scales);
    CHECK(refined.at(2) == decided.at(2));
  }
}

TEST_CASE("order and damping are those that are asked for") {
  const auto codes = [](const char* recipe) { return plan_with(recipe).nodes.at("gemm").operands.at(1).codes; };
  const Tensor usual = codes("weight-only(bits=3,block=16)+gptq(scales=kept)");
  CHECK(usual == codes("weight-only(bits=3,block=16)+gptq(scales=kept,order=natural,damping=0.01)"));
  CHECK_FALSE(usual == codes("weight-only(bits=3,block=16)+gptq(scales=kept,order=activity)"));
  CHECK_FALSE(usual == codes("weight-only(bits=3,block=16)+gptq(scales=kept,damping=0.5)"));
  CHECK_FALSE(codes("weight-only(bits=3,block=16)+gptq(scales=kept,damping=0.5)") ==
              codes("weight-only(bits=3,block=16)+gptq(scales=kept,damping=1)"));
}

TEST_CASE("layers that read the same thing are looked at once, and coded inputs cost a look for each depth") {
  const auto looks = [](const std::string& recipe) {
    Many calibrator(samples(8, 100));
    Task task = task_of(network());
    task.calibrator = &calibrator;
    decide(resolve(parse_recipe(recipe)), task);
    return calibrator.looks;
  };
  CHECK(looks("weight-only(block=16)+gptq") == 1);
  CHECK(looks("weight-only(block=16,convolutions=yes)+gptq(inputs=coded)") == 3);
}

TEST_CASE("what fewer samples than inputs leave open is damped, and a plan says what was done") {
  const Plan plan = plan_with("weight-only(block=16)+gptq", 2);
  CHECK(plan.notes.back() == "the rounding of 2 layers makes up for its own errors");
  CHECK(std::isfinite(met(plan)));
}

TEST_CASE("without data, or without codes, there is nothing to round") {
  CHECK_THROWS_AS(decide(resolve(parse_recipe("weight-only+gptq")), task_of(network())), Error);
  CHECK(plan_with("gptq").notes.back() == "the rounding of 0 layers makes up for its own errors");
}
