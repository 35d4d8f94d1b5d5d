// mlx and float4 against what mlx.core.quantize makes of the same matrices (tests/oracle/mlx_weights.py), against the
// OCP specification's numbers, and in the runtime.
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>

#include "base/hash.h"
#include "method/graphs.h"
#include "tensor/transposed.h"

using namespace bw;
using namespace bw::test;

namespace {

// As tests/oracle/mlx_weights.py makes them: [outputs, inputs].
std::vector<float> weights_of_kind(std::size_t rows, std::size_t columns, int kind) {
  std::vector<float> weights(rows * columns);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto hashed = static_cast<std::uint32_t>(i * 2654435761U + static_cast<std::uint64_t>(kind) * 40503);
    float x = static_cast<float>(hashed >> 8) * 0x1p-24F - 0.5F;
    if (kind == 1) x = std::floor(x * 16) / 16;
    if (kind == 2 && i / columns % 48 < 32) x = 0;
    if (kind == 3) x = std::fabs(x) + 0.25F;
    if (kind == 4) x = std::ldexp(x, static_cast<int>(i / 40 % 17) - 8);
    weights[i] = x;
  }
  return weights;
}

std::string short_hash(const auto& values) {
  return sha256(std::as_bytes(std::span(values))).substr(0, 16);
}

// A product with rows of weights, as a MatMul has them or as a transposed Gemm.
Graph product(const std::vector<float>& rows, std::size_t outputs, bool transposed_weight) {
  const auto n = static_cast<std::int64_t>(outputs), k = static_cast<std::int64_t>(rows.size() / outputs);
  Graph graph = graph_of(fmt::format(
      "  input %x: float32[2,{0}]\n  const %w: float32[1,1] = float32[1,1] {{1}}\n  %y: float32[2,{1}] = {2} @ "
      "\"y\"\n  output %y: float32[2,{1}]\n",
      k, n, transposed_weight ? "Gemm(%x, %w) {transB = 1}" : "MatMul(%x, %w)"));
  Value& weight = graph.value(graph.find("w"));
  const std::vector<float> stored =
      transposed_weight ? rows : transposed(std::span(rows), outputs, static_cast<std::size_t>(k));
  weight.initializer = Tensor::of<float>(transposed_weight ? Shape{n, k} : Shape{k, n}, std::span<const float>(stored));
  weight.type = ValueType::tensor(DType::Float32, weight.initializer.shape());
  return graph;
}

template <class T>
std::vector<T> by_outputs(std::vector<T> numbers, std::size_t outputs, bool transposed_weight) {
  return transposed_weight ? numbers : transposed(std::span<const T>(numbers), numbers.size() / outputs, outputs);
}

std::vector<std::uint8_t> bytes_of(const Tensor& codes) {
  const std::vector<std::int64_t> wide = to_int64s(codes);
  return {wide.begin(), wide.end()};
}

const QParams& params_of(const Plan& plan) {
  return plan.nodes.at("y").operands.at(1);
}

}  // namespace

TEST_CASE("codes, scales and biases are MLX's, whichever way the weight lies") {
  std::ifstream file(BW_GOLDEN "/method/mlx.txt");
  REQUIRE(file);
  int cases = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    std::string recipe, codes, scales, biases;
    std::size_t rows, columns;
    int kind;
    std::istringstream(line) >> recipe >> rows >> columns >> kind >> codes >> scales >> biases;
    for (const bool transposed_weight : {false, true}) {
      CAPTURE(line, transposed_weight);
      const Plan plan = plan_of(product(weights_of_kind(rows, columns, kind), rows, transposed_weight), recipe);
      const QParams& params = params_of(plan);
      CHECK(short_hash(by_outputs(bytes_of(params.codes), rows, transposed_weight)) == codes);
      CHECK(short_hash(by_outputs(params.scales, rows, transposed_weight)) == scales);
      if (biases != "-") CHECK(short_hash(by_outputs(params.biases, rows, transposed_weight)) == biases);
    }
    ++cases;
  }
  CHECK(cases == 120);
}

TEST_CASE("the specification's scales are powers of two below the largest weight, and halves go to the even code") {
  std::vector<float> rows(32);
  const auto met = [&](const char* recipe) {
    const Plan plan = plan_of(product(rows, 1, true), recipe);
    return std::pair(params_of(plan).scales.front(), to_floats(dequantize(params_of(plan).codes, params_of(plan))));
  };
  const float numbers[] = {7, 0.25F, 0.75F, 1.25F, 1.75F, 2.5F, 3.5F, 5, -0.75F, -5};
  std::ranges::copy(numbers, rows.begin());
  const auto [scale, values] = met("float4");
  CHECK(scale == 1);
  CHECK(std::vector<float>(values.begin(), values.begin() + 10) == std::vector<float>{6, 0, 1, 1, 2, 2, 4, 4, -1, -4});
  const auto [reaching, closer] = met("float4(rule=mlx)");
  CHECK(reaching == 2);
  CHECK(closer[0] == 6);  // 3.5 lies halfway, and zero is below
  rows[0] = 6;
  CHECK(met("float4(rule=mlx)").first == 1);
  rows.assign(32, 0);
  CHECK(met("float4").second == std::vector<float>(32));
}

TEST_CASE("one more scale for the tensor lets small blocks keep their numbers") {
  std::vector<float> rows = weights_of_kind(4, 64, 0);
  for (std::size_t i = 0; i < 64; ++i) rows[i] *= 1e-4F;
  const auto error = [&](const char* recipe) {
    const Plan plan = plan_of(product(rows, 4, true), recipe);
    const std::vector<float> met = to_floats(dequantize(params_of(plan).codes, params_of(plan)));
    double off = 0;
    for (std::size_t i = 0; i < 64; ++i) off += std::pow(static_cast<double>(met[i] - rows[i]), 2);
    return off;
  };
  CHECK(error("float4(type=nvfp4,tensor_scale=yes)") < 0.1 * error("float4(type=nvfp4)"));
}

TEST_CASE("the runtime computes with the numbers that the codes stand for") {
  for (const bool transposed_weight : {false, true})
    for (const char* recipe : {"mlx", "mlx(bits=3,group=32)", "mlx(bits=8)", "float4", "float4(type=nvfp4)",
                               "float4(type=nvfp4,tensor_scale=yes)", "float4(rule=mlx)"}) {
      CAPTURE(transposed_weight, recipe);
      const Graph graph = product(weights_of_kind(5, 128, 0), 5, transposed_weight);
      const Plan plan = plan_of(graph, recipe);
      const Inputs inputs{{"x", numbers({2, 128}, 4)}};
      Graph exact = graph;
      exact.value(exact.find("w")).initializer = dequantize(params_of(plan).codes, params_of(plan));
      CHECK(sqnr(run(built(graph, plan).graph, inputs)[0], run(exact, inputs)[0]) > 110);
      CHECK(sqnr(to_floats(evaluate(apply(graph, plan), inputs).front()), run(exact, inputs)[0]) > 110);
    }
}

TEST_CASE("inputs that are no whole groups keep a layer in float") {
  const Graph graph = product(weights_of_kind(2, 48, 0), 2, true);
  CHECK(plan_of(graph, "mlx").nodes.at("y").reason == "its 48 inputs are not whole blocks of 64");
  CHECK(plan_of(graph, "float4").nodes.at("y").reason == "its 48 inputs are not whole blocks of 32");
  CHECK(is_changed(plan_of(graph, "float4(type=nvfp4)"), "y"));
}
