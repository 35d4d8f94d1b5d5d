// What codes change of weights and of layers' outputs, against sums by hand.
#include "method/coding_error.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "method/graphs.h"

using namespace bw;
using namespace bw::test;
using Catch::Approx;

namespace {

const Graph& network() {
  static const Graph kNetwork = graph_of(
      "  input %x: float32[5,32]\n  input %i: int64[2]\n" + weight("w", {32, 6}, 1) + weight("v", {9, 6}, 2) +
      weight("t", {160, 32}, 3) +
      "  %h: float32[5,6] = MatMul(%x, %w) @ \"one\"\n  %r: float32[5,6] = Relu(%h)\n"
      "  %y: float32[5,9] = Gemm(%r, %v) {transB = 1} @ \"two\"\n  %e: float32[2,32] = Gather(%t, %i) @ \"table\"\n"
      "  output %y: float32[5,9]\n  output %e: float32[2,32]\n");
  return kNetwork;
}

Inputs inputs() {
  return {{"x", numbers({5, 32}, 5)},
          {"i", Tensor::of<std::int64_t>({2}, std::span<const std::int64_t>(std::array<std::int64_t, 2>{3, 100}))}};
}

// x [5, inner] times a weight [inner, outputs].
std::vector<float> product(const std::vector<float>& x, const std::vector<float>& w, std::size_t inner) {
  const std::size_t outputs = w.size() / inner;
  std::vector<float> y(5 * outputs);
  for (std::size_t r = 0; r < 5; ++r)
    for (std::size_t o = 0; o < outputs; ++o)
      for (std::size_t c = 0; c < inner; ++c) y[r * outputs + o] += x[r * inner + c] * w[c * outputs + o];
  return y;
}

double ratio(const std::vector<float>& met, const std::vector<float>& wanted) {
  return std::pow(10, -sqnr(met, wanted) / 20);
}

std::vector<float> met_of(const Plan& plan, const char* node, int input, const char* constant) {
  const QParams& params = plan.nodes.at(node).operands.at(input);
  return to_floats(dequantize(quantize(network().value(network().find(constant)).initializer, params), params));
}
std::vector<float> exact_of(const char* constant) {
  return to_floats(network().value(network().find(constant)).initializer);
}

}  // namespace

TEST_CASE("errors of outputs are those of each layer on what it reads in float") {
  const Plan plan = plan_of(network(), "weight-only(bits=4,block=32,keep_float=two)");
  Sampled calibrator(inputs());
  const auto error = coding_error(network(), plan, &calibrator);
  REQUIRE(error);
  const std::vector<float> x = to_floats(inputs().at("x")), w = exact_of("w"), met = met_of(plan, "one", 1, "w");
  CHECK(*error->outputs == Approx(ratio(product(x, met, 32), product(x, w, 32))).epsilon(1e-4));
  CHECK(error->most == Approx(*error->outputs));
  CHECK(error->worst == "one");
  std::vector<float> all = met, exact = w;
  const std::vector<float> table = met_of(plan, "table", 0, "t"), rows = exact_of("t");
  all.insert(all.end(), table.begin(), table.end());
  exact.insert(exact.end(), rows.begin(), rows.end());
  CHECK(error->weights == Approx(ratio(all, exact)).epsilon(1e-4));
}

TEST_CASE("layers count alike, whatever their size, and the worst is named") {
  const Plan plan = plan_of(network(), "weight-only(bits=4,block=32,embeddings=no)");
  Sampled calibrator(inputs());
  const auto error = coding_error(network(), plan, &calibrator);
  const auto alone = [&](const char* other) {
    Sampled own(inputs());
    return *coding_error(network(), plan_of(network(), fmt::format("weight-only(embeddings=no,keep_float={})", other)),
                         &own)
                ->outputs;
  };
  const double one = alone("two"), two = alone("one");
  CHECK(*error->outputs == Approx(std::sqrt((one * one + two * two) / 2)));
  CHECK(error->most == Approx(std::max(one, two)));
  CHECK(error->worst == (one > two ? "one" : "two"));
}

TEST_CASE("without data weights alone are told, and where nothing is coded nothing is") {
  const auto error = coding_error(network(), plan_of(network(), "weight-only(bits=2,block=32)"), nullptr);
  REQUIRE(error);
  CHECK_FALSE(error->outputs);
  CHECK(error->weights > 0.15);
  CHECK_FALSE(coding_error(network(), plan_of(network(), "fp16"), nullptr));
  CHECK_FALSE(coding_error(network(), plan_of(network(), "int8-static(embeddings=no)", inputs()), nullptr));
}

TEST_CASE("a sentence says both, and one") {
  CHECK(to_sentence({.weights = 0.0712, .outputs = 0.05, .worst = "head", .most = 0.125}) ==
        "codes change weights by 7.1 %, and what their layers give on calibration rows by 5 %, most in 'head' (12 %)");
  CHECK(to_sentence({.weights = 0.0712, .outputs = {}, .worst = "head", .most = 0.125}) ==
        "codes change weights by 7.1 %, most in 'head' (12 %)");
}
