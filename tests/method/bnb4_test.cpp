// bnb4 against what bitsandbytes' own code makes of the same matrices (tests/oracle/bnb4.py), and in the runtime.
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>

#include "base/hash.h"
#include "method/graphs.h"
#include "plan/decode.h"
#include "tensor/codebooks.h"
#include "tensor/transposed.h"

using namespace bw;
using namespace bw::test;

namespace {

// As tests/oracle/bnb4.py makes them: [outputs, inputs].
std::vector<float> weights_of_kind(std::size_t rows, std::size_t columns, int kind) {
  std::vector<float> weights(rows * columns);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto hashed = static_cast<std::uint32_t>(i * 2654435761U + static_cast<std::uint64_t>(kind) * 40503);
    float x = static_cast<float>(hashed >> 8) * 0x1p-24F - 0.5F;
    if (kind == 1) x = std::floor(x * 16) / 16;
    if (kind == 2 && i / columns % 48 < 32) x = std::copysign(0.0F, x);
    if (kind == 3) x = std::ldexp(x, static_cast<int>(i % 37) - 18);
    weights[i] = x;
  }
  return weights;
}

std::string short_hash(const auto& values) {
  return sha256(std::as_bytes(std::span(values))).substr(0, 16);
}

struct Case {
  std::string type;
  std::size_t block, outputs, inputs;
  int kind;
  std::string packed, absmax;
  float mean;
  std::string nested_codes, nested_scales;
};

std::vector<Case> golden() {
  std::ifstream file(BW_GOLDEN "/method/bnb4.txt");
  REQUIRE(file);
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    Case one;
    std::string mean;
    std::istringstream(line) >> one.type >> one.block >> one.outputs >> one.inputs >> one.kind >> one.packed >>
        one.absmax >> mean >> one.nested_codes >> one.nested_scales;
    one.mean = static_cast<float>(std::strtod(mean.c_str(), nullptr));
    cases.push_back(one);
  }
  return cases;
}

// A product with the weights as a MatMul has them, or as a transposed Gemm.
Graph product(const Case& one, bool transposed_weight) {
  const std::vector<float> rows = weights_of_kind(one.outputs, one.inputs, one.kind);
  const auto n = static_cast<std::int64_t>(one.outputs), k = static_cast<std::int64_t>(one.inputs);
  Graph graph = graph_of(fmt::format(
      "  input %x: float32[2,{0}]\n  const %w: float32[1,1] = float32[1,1] {{1}}\n  %y: float32[2,{1}] = {2} @ "
      "\"y\"\n  output %y: float32[2,{1}]\n",
      k, n, transposed_weight ? "Gemm(%x, %w) {transB = 1}" : "MatMul(%x, %w)"));
  Value& weight = graph.value(graph.find("w"));
  weight.initializer =
      transposed_weight
          ? Tensor::of<float>({n, k}, std::span<const float>(rows))
          : Tensor::of<float>(
                {k, n}, std::span<const float>(transposed(std::span<const float>(rows), one.outputs, one.inputs)));
  weight.type = ValueType::tensor(DType::Float32, weight.initializer.shape());
  return graph;
}

std::string recipe_of(const Case& one, bool twice) {
  return fmt::format("bnb4(type={},block={},double={})", one.type, one.block, twice ? "yes" : "no");
}

const QParams& params_of(const Plan& plan) {
  return plan.nodes.at("y").operands.at(1);
}

// Row by row of the outputs.
template <class T>
std::vector<T> by_outputs(std::vector<T> numbers, std::size_t outputs, bool transposed_weight) {
  return transposed_weight ? numbers : transposed(std::span<const T>(numbers), numbers.size() / outputs, outputs);
}

std::vector<std::uint8_t> packed(const Tensor& codes, std::size_t outputs, bool transposed_weight) {
  const std::vector<std::int64_t> rows = by_outputs(to_int64s(codes), outputs, transposed_weight);
  std::vector<std::uint8_t> bytes(rows.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(rows[2 * i] << 4 | rows[2 * i + 1]);
  return bytes;
}

}  // namespace

TEST_CASE("tables are bitsandbytes' own") {
  std::ifstream file(BW_GOLDEN "/method/bnb4.txt");
  std::string line;
  std::getline(file, line);
  CHECK(line == "# dynamic map: " + short_hash(dynamic8()));
}

TEST_CASE("codes, scales and nested scales are bitsandbytes', whichever way the weight lies") {
  const std::vector<Case> cases = golden();
  CHECK(cases.size() == 30);
  for (const Case& one : cases)
    for (const bool transposed_weight : {false, true}) {
      CAPTURE(one.type, one.block, one.outputs, one.inputs, one.kind, transposed_weight);
      const Graph graph = product(one, transposed_weight);
      const Plan once = plan_of(graph, recipe_of(one, false)), twice = plan_of(graph, recipe_of(one, true));
      CHECK(short_hash(packed(params_of(once).codes, one.outputs, transposed_weight)) == one.packed);
      CHECK(params_of(twice).codes == params_of(once).codes);
      CHECK(short_hash(by_outputs(params_of(once).scales, one.outputs, transposed_weight)) == one.absmax);
      CHECK_FALSE(params_of(once).nested);
      REQUIRE(params_of(twice).nested);
      const NestedScales& nested = *params_of(twice).nested;
      CHECK(nested.offset == one.mean);
      CHECK(short_hash(nested.params.codes.bytes()) == one.nested_codes);
      CHECK(short_hash(nested.params.scales) == one.nested_scales);
      CHECK(params_of(twice).scales == decoded(nested));
    }
}

TEST_CASE("errors of normal weights are those that bitsandbytes' own tests expect") {
  const Case one{"", 64, 512, 512, 0, "", "", 0, "", ""};
  Graph graph = product(one, true);
  graph.value(graph.find("w")).initializer = numbers({512, 512}, 3);
  const Tensor& weight = graph.value(graph.find("w")).initializer;
  for (const auto& [recipe, most] : {std::pair{"bnb4(double=no)", 0.0728}, {"bnb4(type=fp4,double=no)", 0.0966}}) {
    const QParams params = params_of(plan_of(graph, recipe));
    const std::vector<float> met = to_floats(dequantize(params.codes, params));
    double off = 0;
    for (std::size_t i = 0; i < met.size(); ++i)
      off += std::abs(static_cast<double>(met[i] - weight.data<float>()[i])) / static_cast<double>(met.size());
    CAPTURE(recipe, off);
    CHECK(off < most * 1.01);
    CHECK(off > most * 0.97);
  }
}

TEST_CASE("the runtime's kernel computes with the numbers that the codes stand for") {
  for (const bool transposed_weight : {false, true})
    for (const char* recipe : {"bnb4", "bnb4(double=no)", "bnb4(type=fp4,block=32)"}) {
      CAPTURE(transposed_weight, recipe);
      const Graph graph = product({"", 64, 5, 256, 0, "", "", 0, "", ""}, transposed_weight);
      const Plan plan = plan_of(graph, recipe);
      const Graph file = built(graph, plan).graph;
      CHECK(std::ranges::any_of(file.nodes, [](const Node& node) { return node.op_type == "MatMulBnb4"; }));
      const Inputs inputs{{"x", numbers({2, 256}, 4)}};
      Graph exact = graph;
      const QParams& params = params_of(plan);
      exact.value(exact.find("w")).initializer = dequantize(params.codes, params);
      CHECK(sqnr(run(file, inputs)[0], run(exact, inputs)[0]) > 120);
      CHECK(sqnr(run(file, inputs)[0], to_floats(evaluate(apply(graph, plan), inputs).front())) > 120);
    }
}

TEST_CASE("a bias is added behind the kernel") {
  const Graph graph = graph_of("  input %x: float32[2,64]\n" + weight("w", {8, 64}, 1) + weight("b", {8}, 2) +
                               "  %y: float32[2,8] = Gemm(%x, %w, %b) {transB = 1} @ \"y\"\n"
                               "  output %y: float32[2,8]\n");
  const Inputs inputs{{"x", numbers({2, 64}, 4)}};
  CHECK(sqnr(run(lowered(graph, "bnb4"), inputs)[0], run(graph, inputs)[0]) > 15);
}

TEST_CASE("inputs that are no whole blocks keep a layer in float, and say so") {
  const Plan plan = plan_of(product({"", 64, 5, 96, 0, "", "", 0, "", ""}, false), "bnb4");
  CHECK_FALSE(plan.nodes.at("y").changes());
  CHECK(plan.nodes.at("y").reason == "its 96 inputs are not whole blocks of 64");
  CHECK(is_changed(plan_of(product({"", 64, 5, 96, 0, "", "", 0, "", ""}, false), "bnb4(block=32)"), "y"));
}
