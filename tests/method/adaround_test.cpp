// AdaRound on whole networks: codes that stay beside the weights they stand for, and outputs nearer to the float
// network's. What is learned for one layer is held against PyTorch in learned_rounding_test.cpp.
#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "method/graphs.h"
#include "plan/plan.h"

using namespace bw;
using namespace bw::test;

namespace {

// A convolution of two groups, and products as each operator spells them.
const Graph& network() {
  static const Graph kNetwork =
      graph_of("  input %x: float32[1,4,5,5]\n" + weight("w", {6, 2, 3, 3}, 1) + weight("b", {6}, 2) +
                   weight("v", {5, 6}, 3) + weight("u", {5, 7}, 4) + "  const %axes: int64[2] = int64[2] {2, 3}\n" +
                   "  %c: float32[1,6,3,3] = Conv(%x, %w, %b) {group = 2, strides = ints [2, 2], pads = ints [1, 1, 1, "
                   "1]} @ \"conv\"\n"
                   "  %r: float32[1,6,3,3] = Relu(%c) @ \"relu\"\n"
                   "  %p: float32[1,6] = ReduceMean(%r, %axes) {keepdims = 0} @ \"pool\"\n"
                   "  %g: float32[1,5] = Gemm(%p, %v) {transB = 1} @ \"gemm\"\n"
                   "  %y: float32[1,7] = MatMul(%g, %u) @ \"matmul\"\n  output %y: float32[1,7]\n",
               18);
  return kNetwork;
}

std::vector<Inputs> samples(std::size_t count, std::uint64_t seed = 100) {
  std::vector<Inputs> all;
  for (std::size_t s = 0; s < count; ++s) {
    const Tensor x = numbers({1, 4, 5, 5}, seed + s);
    // Of one sign: where numbers have nothing in common the nearest codes are the best.
    all.push_back({{"x", Tensor::fill<float>(x.shape(), [&](std::span<float> out) {
                      for (std::size_t i = 0; i < out.size(); ++i) out[i] = std::abs(x.data<float>()[i]);
                    })}});
  }
  return all;
}

Plan plan_with(const std::string& recipe, Many& calibrator) {
  Task task = task_of(network());
  task.calibrator = &calibrator;
  return decide(resolve(parse_recipe(recipe)), task);
}
Plan plan_with(const std::string& recipe, std::size_t count = 64) {
  Many calibrator(samples(count));
  return plan_with(recipe, calibrator);
}

// Squares of what the outputs are off by, of samples that nothing was learned from.
double error_of(const Plan& plan) {
  const Graph coded = apply(network(), plan);
  double sum = 0;
  for (const Inputs& sample : samples(64, 900)) {
    const std::vector<float> wanted = to_floats(evaluate(network(), sample).front()),
                             met = to_floats(evaluate(coded, sample).front());
    for (std::size_t i = 0; i < wanted.size(); ++i) sum += std::pow(static_cast<double>(met[i] - wanted[i]), 2);
  }
  return sum;
}

const QParams& weight_of(const Plan& plan, const char* node) {
  return plan.nodes.at(node).operands.at(1);
}
const Tensor& weight_of(const char* node) {
  for (const Node& n : network().nodes)
    if (n.name == node) return network().value(n.input(1)).initializer;
  throw Error(ErrorKind::Internal, node);
}

}  // namespace

TEST_CASE("codes that were learned are those beside the weight, and not all the nearest") {
  const Plan plan = plan_with("int8-static(weights=s4)+adaround(steps=400)");
  for (const char* node : {"conv", "gemm", "matmul"}) {
    INFO(node);
    const QParams& learned = weight_of(plan, node);
    UNSCOPED_INFO(plan.nodes.at(node).reason + plan.notes.back());
    REQUIRE(learned.codes);
    CHECK(learned.codes.dtype() == DType::Int4);
    QParams plain = learned;
    plain.codes = {};
    const std::vector<float> nearest = to_floats(quantize(weight_of(node), plain)), met = to_floats(learned.codes),
                             exact = to_floats(weight_of(node));
    const std::vector<float> numbers = to_floats(dequantize(learned.codes, learned));
    std::size_t changed = 0;
    for (std::size_t i = 0; i < met.size(); ++i) {
      CHECK(std::abs(met[i] - nearest[i]) <= 1);
      const float most = std::ranges::max(learned.scales);
      CHECK(std::abs(numbers[i] - exact[i]) <= 1.0001f * most);
      changed += met[i] != nearest[i];
    }
    CHECK(changed > 0);
    CHECK(changed < met.size() / 2);
  }
  CHECK(plan.notes.back() == "the rounding of 3 of 3 layers is learned");
}

TEST_CASE("outputs are nearer to the float network's than with the nearest codes") {
  const double nearest = error_of(plan_with("int8-static(weights=s4)"));
  CHECK(error_of(plan_with("int8-static(weights=s4)+adaround(steps=400)")) < 0.7 * nearest);
  CHECK(error_of(plan_with("int8-static(weights=s4,per_channel=no)+adaround(steps=400)")) <
        0.7 * error_of(plan_with("int8-static(weights=s4,per_channel=no)")));
}

TEST_CASE("each group of a convolution learns from its own channels") {
  Graph conv = network();
  conv.outputs = {conv.find("c")};
  const auto errors_of = [&](const Plan& plan) {
    std::array<double, 2> errors{};
    Graph coded = apply(network(), plan);
    coded.outputs = {coded.find("c")};
    for (const Inputs& sample : samples(64, 900)) {
      const std::vector<float> wanted = to_floats(evaluate(conv, sample).front()),
                               met = to_floats(evaluate(coded, sample).front());
      for (std::size_t i = 0; i < wanted.size(); ++i)
        errors[i * 2 / wanted.size()] +=
            std::pow(static_cast<double>(std::max(met[i], 0.0f) - std::max(wanted[i], 0.0f)), 2);
    }
    return errors;
  };
  const auto nearest = errors_of(plan_with("int8-static(weights=s4)")),
             learned = errors_of(plan_with("int8-static(weights=s4)+adaround(steps=400)"));
  for (const std::size_t group : {0, 1}) CHECK(learned[group] < 0.9 * nearest[group]);
}

TEST_CASE("what was learned by heart is left") {
  const Graph wide = graph_of("  input %x: float32[1,200]\n" + weight("w", {200, 3}, 1) +
                              "  %y: float32[1,3] = MatMul(%x, %w) @ \"y\"\n  output %y: float32[1,3]\n");
  std::vector<Inputs> few;
  for (std::size_t s = 0; s < 40; ++s) few.push_back({{"x", numbers({1, 200}, 300 + s)}});
  Many calibrator(few);
  Task task = task_of(wide);
  task.calibrator = &calibrator;
  const Plan plan = decide(resolve(parse_recipe("int8-static(weights=s4)+adaround(steps=500)")), task);
  CHECK(!plan.nodes.at("y").operands.at(1).codes);
  CHECK(plan.notes.back() == "the rounding of 0 of 1 layers is learned");
}

TEST_CASE("layers learn one after another from what those before them give") {
  Many calibrator(samples(40));
  plan_with("int8-static+adaround(steps=1)", calibrator);
  CHECK(calibrator.looks == 1 + 2 * 3);
}

TEST_CASE("layers that stay in float are not learned") {
  const Plan plan = plan_with("int8-static(keep_float=gemm)+adaround(steps=5)");
  CHECK(!plan.nodes.at("gemm").operands.contains(1));
}

TEST_CASE("too few samples are refused with the number that it takes, and none at all") {
  try {
    plan_with("int8-static+adaround", 4);
    FAIL("4 samples were enough");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Calibration);
    CHECK(error.message() == "'adaround' learns from 32 samples at least, and there are 4");
  }
  CHECK_THROWS_AS(decide(resolve(parse_recipe("adaround")), task_of(network())), Error);
}
