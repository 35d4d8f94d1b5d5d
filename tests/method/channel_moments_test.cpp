// MeanVariance that normalizations state: the formulas against numpy's sums (tests/oracle/moments.py), and what becomes
// of them on their way through a graph.
#include "method/channel_moments.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <limits>

#include "method/golden.h"

using namespace bw;
using namespace bw::test;
using Catch::Approx;

namespace {

double end_of(const Json& json) {
  const auto number = json.get<double>();
  return std::abs(number) < 1e299 ? number : std::copysign(std::numeric_limits<double>::infinity(), number);
}

// A convolution with its normalization, and what stands behind as lines that make %m of %h.
Graph stored_graph(const std::string& behind) {
  return parse_graph("ir_version 8\nopset \"\" 17\ngraph \"g\" {\n  input %x: float32[1,2,4,4]\n" +
                     weight("w", {3, 2, 1, 1}, 1) + weight("v", {2, 3, 1, 1}, 2) +
                     "  const %scale: float32[3] = float32[3] {1, -2, 0.5}\n"
                     "  const %shift: float32[3] = float32[3] {0, 0.5, -1}\n"
                     "  const %mean: float32[3] = float32[3] {1, 2, 3}\n"
                     "  const %variance: float32[3] = float32[3] {1, 4, 9}\n"
                     "  const %zero: float32[] = float32[] {0}\n  const %two: float32[] = float32[] {2}\n"
                     "  const %vb: float32[2] = float32[2] {1, 2}\n"
                     "  %c: float32[1,3,4,4] = Conv(%x, %w) @ \"c\"\n"
                     "  %h: float32[1,3,4,4] = BatchNormalization(%c, %scale, %shift, %mean, %variance) @ \"n\"\n" +
                     behind + "  %y: float32[1,2,4,4] = Conv(%m, %v, %vb) @ \"y\"\n  output %y\n}\n");
}

Graph prepared(Graph graph) {
  onnx::infer_types(graph);
  prepare(graph);
  onnx::infer_types(graph);
  return graph;
}

std::map<std::string, ChannelMoments> moments(const std::string& behind, std::span<const Edit> edits = {}) {
  const Graph stored = stored_graph(behind), graph = prepared(stored);
  CHECK(std::ranges::none_of(graph.nodes, [](const Node& node) { return node.is("BatchNormalization"); }));
  Task task = task_of(graph);
  task.stored = &stored;
  return stated_moments(task, edits);
}

}  // namespace

TEST_CASE("a clipped normal's mean and variance are numpy's") {
  for (const Json& row : golden_numbers("moments.json")) {
    INFO(row.dump());
    const MeanVariance met =
        clipped_normal({row[0].get<double>(), row[1].get<double>()}, end_of(row[2]), end_of(row[3]));
    CHECK(met.mean == Approx(row[4].get<double>()).epsilon(1e-6).margin(1e-8));
    CHECK(met.variance == Approx(row[5].get<double>()).epsilon(1e-6).margin(1e-8));
  }
  CHECK(clipped_normal({3, 0}, 0, 2).mean == 2);
  CHECK(clipped_normal({3, 0}, 0, 2).variance == 0);
}

TEST_CASE("a folded normalization's moments go through what follows the layer") {
  const auto relu = moments("  %m: float32[1,3,4,4] = Relu(%h)\n");
  CHECK(relu.at("c").means == std::vector<double>{0, 0.5, -1});
  CHECK(relu.at("c").variances == std::vector<double>{1, 4, 0.25});
  CHECK(relu.at("m").means[1] == Approx(clipped_normal({0.5, 4}, 0, std::numeric_limits<double>::infinity()).mean));
  const auto clip = moments("  %m: float32[1,3,4,4] = Clip(%h, %zero, %two)\n");
  CHECK(clip.at("m").means[1] == Approx(clipped_normal({0.5, 4}, 0, 2).mean));
  const auto sum = moments("  %r: float32[1,3,4,4] = Relu(%h)\n  %m: float32[1,3,4,4] = Add(%r, %h)\n");
  CHECK(sum.at("m").means[2] == Approx(sum.at("r").means[2] - 1));
  CHECK(sum.at("m").variances[2] == Approx(sum.at("r").variances[2] + 0.25));
  CHECK(moments("  %m: float32[1,3,4,4] = AveragePool(%h) {kernel_shape = ints [1, 1]}\n").at("m").means ==
        std::vector<double>{0, 0.5, -1});
  CHECK_FALSE(moments("  %m: float32[1,3,4,4] = Sigmoid(%h)\n").contains("m"));
  CHECK_FALSE(relu.contains("x"));
  CHECK_FALSE(relu.contains("y"));
}

TEST_CASE("edits of a layer's bias change its moments, or leave none") {
  const std::string relu = "  %m: float32[1,3,4,4] = Relu(%h)\n";
  const Graph graph = prepared(stored_graph(relu));
  const std::string bias = graph.value(graph.node(graph.find_node("c")).input(2)).name;
  const Edit doubled = ScaleConstant{bias, 0, {2, 1, 4}}, other = ScaleConstant{"vb", 0, {3, 3}},
             replaced = ReplaceConstant{bias, numbers({3}, 1)};
  const std::vector<Edit> scaling{doubled, other};
  const auto scaled = moments(relu, scaling);
  CHECK(scaled.at("c").means == std::vector<double>{0, 0.5, -4});
  CHECK(scaled.at("c").variances == std::vector<double>{4, 4, 4});
  CHECK_FALSE(moments(relu, std::span(&replaced, 1)).contains("c"));
}

TEST_CASE("biases are corrected with the means of normalizations, without data") {
  const Graph stored = stored_graph("  %m: float32[1,3,4,4] = Relu(%h)\n"), graph = prepared(stored);
  Task task = task_of(graph);
  task.stored = &stored;
  const Chain chain = resolve(parse_recipe("weight-only+bias-correction(means=normalization)"));
  CHECK_FALSE(needs_data(resolve(parse_recipe("bias-correction(means=normalization)")), task));
  Plan plan = Plan{};
  plan.target = task.target.name;
  const Tensor weight = graph.value(graph.node(graph.find_node("y")).input(1)).initializer;
  const QParams codes = params_of_constant(weight, {.code = DType::Int4, .symmetric = true});
  plan.nodes["y"].operands[1] = codes;
  const Method& method = method_named("bias-correction");
  plan = method.run(task, Arguments("bias-correction", method.parameters, {{"means", "normalization"}}), {}, plan);
  REQUIRE(plan.edits.size() == 1);
  const auto& replaced = std::get<ReplaceConstant>(plan.edits.front());
  const std::vector<float> exact = to_floats(weight), coded = to_floats(dequantize(quantize(weight, codes), codes));
  const std::vector<double> means = stated_moments(task, {}).at("m").means;
  for (std::size_t o = 0; o < 2; ++o) {
    double shift = 0;
    for (std::size_t i = 0; i < 3; ++i) shift += (coded[o * 3 + i] - exact[o * 3 + i]) * means[i];
    CHECK(replaced.content.data<float>()[o] == Approx(static_cast<double>(o) + 1 - shift).epsilon(1e-5));
  }
}
