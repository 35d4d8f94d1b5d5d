// Bias correction against numpy's (tests/oracle/equalization.py), and by what it is for: the mean of every output.
#include "base/file.h"
#include "base/json.h"
#include "method/golden.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace bw;
using namespace bw::test;
using Catch::Approx;

namespace {

std::map<std::string, std::vector<float>> replaced(const Plan& plan) {
  std::map<std::string, std::vector<float>> found;
  for (const Edit& edit : plan.edits)
    if (const auto* replace = std::get_if<ReplaceConstant>(&edit))
      found[replace->constant] = to_floats(replace->content);
  return found;
}

// The mean of each channel of the only output, over everything else.
std::vector<double> channel_means(const Graph& graph, const Inputs& inputs, std::size_t axis) {
  const Tensor output = evaluate(graph, inputs).front();
  std::vector<double> means(static_cast<std::size_t>(output.shape()[axis]));
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < output.rank(); ++i) inner *= static_cast<std::size_t>(output.shape()[i]);
  const std::vector<float> values = to_floats(output);
  for (std::size_t i = 0; i < values.size(); ++i)
    means[i / inner % means.size()] += values[i] / static_cast<double>(values.size() / means.size());
  return means;
}

void check_means(const std::string& body, const Shape& input, std::size_t axis) {
  const Graph graph = graph_of(body, 21);
  const Inputs inputs{{"x", numbers(input, 3)}};
  const auto coded = [&](const std::string& recipe) {
    return channel_means(apply(graph, plan_of(graph, recipe, inputs)), inputs, axis);
  };
  const std::vector<double> wanted = channel_means(graph, inputs, axis);
  const std::vector<double> plain = coded("weight-only");
  const std::vector<double> corrected = coded("weight-only+bias-correction");
  double before = 0, after = 0;
  for (std::size_t c = 0; c < wanted.size(); ++c) {
    before += std::abs(plain[c] - wanted[c]);
    after += std::abs(corrected[c] - wanted[c]);
  }
  CHECK(after < before / 1000);
}

}  // namespace

TEST_CASE("corrected biases are those of an implementation in numpy") {
  const Json golden = golden_numbers("equalization.json");
  const Graph graph = golden_graph("equalize.onnx");
  const auto x = golden.at("input").get<std::vector<float>>();
  const Inputs inputs{{"x", Tensor::of<float>({1, 3, 10, 10}, std::span<const float>(x))}};
  const Plan plan = plan_of(graph, "bias-correction+equalize+int8-static(per_channel=no)", inputs);
  const auto biases = replaced(plan);
  std::size_t compared = 0;
  for (const auto& [layer, wanted] : golden.at("biases").items()) {
    INFO(layer);
    CHECK(biases.contains(layer + ".b") == is_changed(plan, layer));
    if (!biases.contains(layer + ".b")) continue;
    ++compared;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      CHECK(biases.at(layer + ".b")[i] == Approx(wanted[i].get<double>()).epsilon(1e-4).margin(1e-5));
  }
  CHECK(compared >= 4);
}

TEST_CASE("the means of a product's outputs are right again, wherever its bias stands") {
  const std::string head =
      "  input %x: float32[64,8]\n" + weight("w", {8, 5}, 1) + weight("t", {5, 8}, 4) + weight("b", {5}, 2);
  check_means(head + "  %y: float32[64,5] = Gemm(%x, %w, %b)\n  output %y\n", {64, 8}, 1);
  check_means(head + "  %y: float32[64,5] = Gemm(%x, %t, %b) {transB = 1}\n  output %y\n", {64, 8}, 1);
  check_means(head + "  %p: float32[64,5] = MatMul(%x, %w)\n  %y: float32[64,5] = Add(%p, %b)\n  output %y\n", {64, 8},
              1);
  check_means(head + "  %p: float32[64,5] = MatMul(%x, %w)\n  %y: float32[64,5] = Add(%b, %p)\n  output %y\n", {64, 8},
              1);
}

namespace {

// Three layers one after another, whose biases are their own or added behind.
Graph deep() {
  return graph_of("  input %x: float32[64,8]\n" + weight("w", {8, 8}, 1) + weight("a", {8}, 2) +
                  weight("v", {8, 8}, 3) + weight("b", {8}, 4) + weight("u", {8, 5}, 5) + weight("c", {5}, 6) +
                  "  %h: float32[64,8] = Gemm(%x, %w, %a) @ \"h\"\n  %r: float32[64,8] = Relu(%h)\n"
                  "  %p: float32[64,8] = MatMul(%r, %v) @ \"p\"\n  %q: float32[64,8] = Add(%p, %b) @ \"q\"\n"
                  "  %s: float32[64,8] = Relu(%q)\n  %y: float32[64,5] = Gemm(%s, %u, %c) @ \"y\"\n  output %y\n");
}

// How far the runtime's means are from the float network's, over all channels.
double distance(const Graph& graph, const std::string& recipe, const Inputs& inputs) {
  const std::vector<float> met = run(lowered(graph, recipe, inputs), inputs)[0], wanted = run(graph, inputs)[0];
  std::vector<double> off(5, 0);
  for (std::size_t i = 0; i < met.size(); ++i) off[i % 5] += (static_cast<double>(met[i]) - wanted[i]) / 64;
  double sum = 0;
  for (const double one : off) sum += std::abs(one);
  return sum;
}

}  // namespace

TEST_CASE("what the quantized network itself puts out is right on average, layer after layer") {
  const Graph graph = deep();
  const Inputs inputs{{"x", numbers({64, 8}, 3)}};
  for (const char* coder :
       {"int8-static(per_channel=no)", "int8-static(per_channel=no,form=qoperator)", "weight-only"}) {
    INFO(coder);
    const double rounding = distance(graph, fmt::format("{}+bias-correction", coder), inputs),
                 met = distance(graph, fmt::format("{}+bias-correction(means=quantized)", coder), inputs);
    CHECK(met < rounding / 10);
  }
}

TEST_CASE("where a layer only goes into a sum the sum is right, and of two layers one sees to it") {
  // What is handed on beside the layers lies between two codes: it loses two fifths of a step, always.
  constexpr std::size_t kChannels = 32;
  const auto square = [](const char* name, float diagonal, float others) {
    std::string list;
    for (std::size_t i = 0; i < kChannels * kChannels; ++i)
      list += fmt::format("{}{}", i == 0 ? "" : ", ", i % (kChannels + 1) == 0 ? diagonal : others);
    return fmt::format("  const %{}: float32[32,32,1,1] = float32[32,32,1,1] {{{}}}\n", name, list);
  };
  const std::string head = "  input %x: float32[16,32,4,4]\n" + square("i", 1, 0) + square("v", 0.2F, 0.1F) +
                           square("u", 0.1F, 0.05F) + weight("a", {32}, 3, 0) + weight("b", {32}, 4) +
                           weight("c", {32}, 5) + "  %p = Conv(%x, %i, %a)\n  %r = Relu(%p)\n";
  const Inputs inputs{{"x", Tensor::fill<float>({16, 32, 4, 4}, [](std::span<float> out) {
                         for (std::size_t i = 0; i < out.size(); ++i)
                           out[i] = i % 97 == 0 ? 255 : static_cast<float>(i * 37 % 199) + 0.4F;
                       })}};
  for (const char* sum : {"  %h = Conv(%r, %v, %b)\n  %s = Add(%h, %r)\n",
                          "  %h = Conv(%r, %v, %b)\n  %g = Conv(%r, %u, %c)\n  %s = Add(%h, %g)\n"}) {
    INFO(sum);
    const Graph graph = graph_of(head + sum + "  %t = Relu(%s)\n  %y = Conv(%t, %v, %c)\n  output %y\n");
    const Plan plan = plan_of(graph, "int8-static(per_channel=no)+bias-correction(means=quantized)", inputs);
    Plan coded = plan;
    coded.edits.clear();
    Graph met = built(edited(graph, plan.edits), coded).graph, wanted = graph;
    met.outputs = {met.find("s")};
    wanted.outputs = {wanted.find("s")};
    const std::vector<double> of_met = channel_means(met, inputs, 1), of_wanted = channel_means(wanted, inputs, 1);
    double off = 0;
    for (std::size_t c = 0; c < of_met.size(); ++c) off += std::abs(of_met[c] - of_wanted[c]) / kChannels;
    CHECK(off < 0.3);
  }
}

TEST_CASE("passes over the data are as many as asked for at most") {
  const Graph graph = deep();
  const Inputs inputs{{"x", numbers({64, 8}, 3)}};
  class Counting : public Sampled {
   public:
    using Sampled::Sampled;
    const Evidence& evidence(const Graph& of, const Needs& needs) override {
      ++looks;
      return Sampled::evidence(of, needs);
    }
    Evidence glance(const Graph& of, const Needs& needs) override {
      ++looks;
      return Sampled::glance(of, needs);
    }
    int looks = 0;
  };
  for (const auto& [passes, looks] : {std::pair{1, 3}, {2, 4}, {3, 5}, {8, 5}}) {
    Counting calibrator(inputs);
    Task task = task_of(graph);
    task.calibrator = &calibrator;
    const Plan plan = decide(
        resolve(parse_recipe(fmt::format("int8-static+bias-correction(means=quantized,passes={})", passes))), task);
    CHECK(calibrator.looks == looks);
    CHECK(distance(graph, fmt::format("int8-static(per_channel=no)+bias-correction(means=quantized,passes={})", passes),
                   inputs) < 1e-3);  // of the last layer in any case
    CHECK(replaced(plan).size() == 3);
  }
}

TEST_CASE("layers without a bias, and those in float, are left alone") {
  const std::string head = "  input %x: float32[4,8]\n" + weight("w", {8, 5}, 1) + weight("b", {5}, 2);
  const Graph bare = graph_of(head + "  %y: float32[4,5] = MatMul(%x, %w)\n  output %y\n");
  CHECK(plan_of(bare, "int8-dynamic+bias-correction", {{"x", numbers({4, 8}, 3)}}).edits.empty());
  const Graph kept = graph_of(head + "  %y: float32[4,5] = Gemm(%x, %w, %b)\n  output %y\n");
  CHECK(plan_of(kept, "int8-dynamic(keep_float=y)+bias-correction", {{"x", numbers({4, 8}, 3)}}).edits.empty());
}

TEST_CASE("a bias that others read too is copied first") {
  const Graph graph =
      graph_of("  input %x: float32[4,5]\n" + weight("w", {5, 5}, 1) + weight("b", {5}, 2) +
               "  %h: float32[4,5] = Gemm(%x, %w, %b)\n  %y: float32[4,5] = Gemm(%h, %w, %b)\n  output %y\n");
  const Plan plan = plan_of(graph, "int8-dynamic+bias-correction", {{"x", numbers({4, 5}, 3)}});
  const auto biases = replaced(plan);
  REQUIRE(biases.size() == 2);
  CHECK(biases.at("b_of_h") != biases.at("b_of_y"));
}

TEST_CASE("without data the method that needs it is named") {
  const Graph graph = graph_of("  input %x: float32[4,5]\n" + weight("w", {5, 5}, 1) + weight("b", {5}, 2) +
                               "  %y: float32[4,5] = Gemm(%x, %w, %b)\n  output %y\n");
  try {
    decide(resolve(parse_recipe("int8-dynamic+bias-correction")), task_of(graph));
    FAIL("decided");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Calibration);
    CHECK(error.message().find("'bias-correction' needs data") != std::string::npos);
  }
}
