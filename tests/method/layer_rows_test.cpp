// A layer on rows of its input: what it says is changed is what the interpreter finds changed of its output.
#include "method/layer_rows.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "method/graphs.h"
#include "tensor/kernels/layout.h"

using namespace bw;
using namespace bw::test;
using Catch::Approx;

namespace {

// Every layer's output is %y, its weight %w and its input %x.
struct Layer {
  std::string body;
  Shape input;
  int axis;  // of the output's channels
};

std::vector<Layer> layers() {
  return {
      {"  input %x: float32[9,6]\n" + weight("w", {6, 4}, 1) + "  %y = MatMul(%x, %w) @ \"y\"\n", {9, 6}, 1},
      {"  input %x: float32[9,6]\n" + weight("w", {4, 6}, 1) + "  %y = Gemm(%x, %w) {transB = 1} @ \"y\"\n", {9, 6}, 1},
      {"  input %x: float32[1,3,5,5]\n" + weight("w", {4, 3, 3, 3}, 1) +
           "  %y = Conv(%x, %w) {pads = ints [1, 1, 1, 1], strides = ints [2, 2]} @ \"y\"\n",
       {1, 3, 5, 5},
       1},
      {"  input %x: float32[1,4,5,5]\n" + weight("w", {6, 2, 3, 3}, 1) + "  %y = Conv(%x, %w) {group = 2} @ \"y\"\n",
       {1, 4, 5, 5},
       1},
      {"  input %x: float32[2,4,4,4]\n" + weight("w", {4, 1, 3, 3}, 1) +
           "  %y = Conv(%x, %w) {group = 4, pads = ints [1, 1, 1, 1]} @ \"y\"\n",
       {2, 4, 4, 4},
       1},
  };
}

LayerRows rows_of(const Graph& graph, const Inputs& inputs, std::size_t most) {
  Graph looked_at = graph;
  const auto patches = add_patches(looked_at, 0);
  REQUIRE(patches);
  Needs needs;
  needs.add(patches->value, {ReservoirStatistic::kName, patches->axis});
  const Evidence evidence = evidence_of(looked_at, needs, inputs);
  return {graph, graph.node(0), *patches, evidence.value(patches->value).get<ReservoirStatistic>(patches->axis), most};
}

}  // namespace

TEST_CASE("errors by output channel are those of the layer's outputs, for all of its groups") {
  for (const Layer& layer : layers()) {
    INFO(layer.body.substr(layer.body.find("%y")));
    const Graph graph = graph_of(layer.body + "  output %y\n");
    const Inputs inputs{{"x", numbers(layer.input, 2)}};
    const LayerRows rows = rows_of(graph, inputs, 1000);
    const QParams x{.scheme = {.code = DType::UInt8}, .scales = {0.11F}, .zero_points = {120}},
        w = params_of_constant(rows.weight(), {.code = DType::Int4, .symmetric = true});
    const std::vector<double> met =
        rows.errors(coded(rows.x(), x), rows.as_factor(dequantize(quantize(rows.weight(), w), w)));
    Graph changed = graph;
    changed.value(changed.find("w")).initializer = dequantize(quantize(rows.weight(), w), w);
    const Tensor wanted = evaluate(graph, inputs).front(),
                 other = evaluate(changed, {{"x", dequantize(quantize(inputs.at("x"), x), x)}}).front();
    const Layout at = layout_along(wanted.shape(), layer.axis);
    std::vector<double> errors(at.channels, 0);
    double power = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      errors[i / at.inner % at.channels] += std::pow(other.data<float>()[i] - wanted.data<float>()[i], 2);
      power += std::pow(wanted.data<float>()[i], 2);
    }
    REQUIRE(met.size() == errors.size());
    for (std::size_t c = 0; c < met.size(); ++c) CHECK(met[c] == Approx(errors[c]).epsilon(1e-3));
    CHECK(rows.power() == Approx(power).epsilon(1e-4));
  }
}

TEST_CASE("only so many rows are taken, the first that were kept") {
  const Layer layer = layers().front();
  const Graph graph = graph_of(layer.body + "  output %y\n");
  const Inputs inputs{{"x", numbers(layer.input, 2)}};
  const LayerRows all = rows_of(graph, inputs, 9), some = rows_of(graph, inputs, 5);
  CHECK(all.x().size() == 54);
  REQUIRE(some.x().size() == 30);
  CHECK(std::ranges::equal(some.x(), all.x().first(30)));
  CHECK(all.power() > some.power());
}
