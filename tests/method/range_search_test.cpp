// Ranges that are searched, against numpy's (tests/oracle/ranges.py), and by what the runtime makes of them: no
// observer's loses less of what a layer puts out.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "method/golden.h"
#include "method/layer_codes.h"
#include "observe/observers/observer.h"

using namespace bw;
using namespace bw::test;
using Catch::Approx;

namespace {

const Json& golden() {
  static const Json kGolden = golden_numbers("ranges.json");
  return kGolden;
}

Inputs golden_inputs() {
  const auto x = golden().at("input").get<std::vector<float>>();
  return {{"x", Tensor::of<float>({2, 8, 14, 14}, std::span<const float>(x))}};
}

const std::vector<float>& weight_scales(const Plan& plan, const std::string& node) {
  return plan.nodes.at(node).operands.at(1).scales;
}

// Whether the scales are those of numpy; where the second best is as good, rounding may decide for another.
void check_scales(const Plan& plan, const Json& wanted) {
  std::size_t shrunk = 0;
  for (const auto& [layer, row] : wanted.items()) {
    INFO(layer);
    if (!is_changed(plan, layer)) continue;
    const std::vector<float>& met = weight_scales(plan, layer);
    REQUIRE(met.size() == row.at("scales").size());
    for (std::size_t c = 0; c < met.size(); ++c) {
      if (row.at("second")[c].get<double>() < 1.001) continue;
      CHECK(met[c] == Approx(row.at("scales")[c].get<double>()).epsilon(1e-5));
      ++shrunk;
    }
  }
  CHECK(shrunk > 3);
}

// Rows whose first channel has numbers thirty times as large as the others.
Tensor uneven(const Shape& shape, std::uint64_t seed) {
  const auto channels = static_cast<std::size_t>(shape.back());
  Random random(seed);
  return Tensor::fill<float>(shape, [&](std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<float>(random.normal() * (i % channels == 0 ? 30 : 1));
  });
}

// A weight that makes next to nothing of its first input channel; `along`: the axis of those.
std::string deaf(const std::string& name, const Shape& shape, std::size_t along, std::uint64_t seed) {
  const Tensor tensor = numbers(shape, seed);
  std::string list;
  const auto width = static_cast<std::size_t>(shape[1]);
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    const bool first = (along == 0 ? i / width : i % width) == 0;
    list += fmt::format("{}{}", i == 0 ? "" : ", ", tensor.data<float>()[i] * (first ? 0.001F : 1));
  }
  return fmt::format("  const %{0}: float32[{1},{2}] = float32[{1},{2}] {{{3}}}\n", name, shape[0], shape[1], list);
}

double error(const Graph& graph, const Plan& plan, const Inputs& inputs, std::size_t output = 0) {
  const std::vector<float> met = run(built(graph, plan).graph, inputs)[output], wanted = run(graph, inputs)[output];
  double sum = 0;
  for (std::size_t i = 0; i < met.size(); ++i) sum += std::pow(static_cast<double>(met[i]) - wanted[i], 2);
  return sum;
}

double power(std::span<const float> numbers) {
  double sum = 0;
  for (const float x : numbers) sum += static_cast<double>(x) * x;
  return sum;
}

// What is searched for: the errors of %x and of the only output, each over its power.
double lost(const Graph& graph, const Plan& plan, const Inputs& inputs) {
  const Tensor& x = inputs.at("x");
  const QParams& params = plan.values.at("x");
  const double own = std::pow(10, -sqnr(to_floats(dequantize(quantize(x, params), params)), to_floats(x)) / 10);
  return own + error(graph, plan, inputs) / power(run(graph, inputs)[0]);
}

struct Network {
  const char* says;
  std::string body;
  Shape input;
};

// One layer each, whose output is what is measured.
std::vector<Network> layers() {
  return {
      {"MatMul",
       "  input %x: float32[50,16]\n" + deaf("w", {16, 6}, 0, 1) +
           "  %y: float32[50,6] = MatMul(%x, %w) @ \"y\"\n  output %y\n",
       {50, 16}},
      {"Gemm",
       "  input %x: float32[50,16]\n" + deaf("w", {6, 16}, 1, 1) + weight("b", {6}, 2) +
           "  %y: float32[50,6] = Gemm(%x, %w, %b) {transB = 1} @ \"y\"\n  output %y\n",
       {50, 16}},
  };
}

// Both products hear next to nothing of the large channel of what they read.
Graph with_shared_range() {
  std::string identity;
  for (int i = 0; i < 256; ++i) identity += fmt::format("{}{}", i == 0 ? "" : ", ", i % 17 == 0 ? 1 : 0);
  return graph_of("  const %s: int64[2] = int64[2] {8, 16}\n  input %x: float32[4,2,16]\n" +
                  fmt::format("  const %w: float32[16,16] = float32[16,16] {{{}}}\n", identity) +
                  deaf("v", {16, 5}, 0, 2) + deaf("u", {16, 7}, 0, 3) +
                  "  %h: float32[4,2,16] = MatMul(%x, %w) @ \"h\"\n  %r: float32[8,16] = Reshape(%h, %s) @ \"r\"\n"
                  "  %y: float32[8,5] = MatMul(%r, %v) @ \"y\"\n  %z: float32[4,2,7] = MatMul(%h, %u) @ \"z\"\n"
                  "  output %y\n  output %z\n");
}

}  // namespace

TEST_CASE("scales of weights are those of a search in numpy and onnxruntime") {
  const Graph graph = golden_graph("ranges.onnx");
  check_scales(plan_of(graph, "int8-static+range-search(ranges=weights)", golden_inputs()), golden().at("channels"));
  check_scales(plan_of(graph, "int8-static(per_channel=no)+range-search(ranges=weights)", golden_inputs()),
               golden().at("tensors"));
}

TEST_CASE("no observer's range loses less than the one that is found, nor one near it") {
  for (const Network& network : layers()) {
    INFO(network.says);
    const Graph graph = graph_of(network.body);
    const Inputs inputs{{"x", uneven(network.input, 3)}};
    for (const char* channels : {"yes", "no"}) {
      const std::string coder = fmt::format("int8-static(per_channel={}", channels);
      const Plan found = plan_of(graph, coder + ")+range-search(ranges=activations)", inputs);
      const double least = lost(graph, found, inputs);
      for (const Observer& observer : observers())
        if (observer.name != "torch-histogram" && observer.name != "moving-average")
          CHECK(least <=
                1.001 *
                    lost(graph, plan_of(graph, fmt::format("{},observer={})", coder, observer.name), inputs), inputs));
      for (const float share : {0.7F, 0.97F, 1.03F, 1.4F}) {
        Plan other = found;
        other.values.at("x").scales.front() *= share;
        const Tensor* bias = nullptr;
        if (const ValueId b = graph.find("b"); b != kNoValue) bias = &graph.value(b).initializer;
        NodePlan& layer = other.nodes.at("y");
        if (bias != nullptr)
          layer.operands[2] = bias_codes(*bias, other.values.at("x").scales.front(), layer.operands.at(1));
        CHECK(least <= 1.05 * lost(graph, other, inputs));
      }
      const Plan both = plan_of(graph, coder + ")+range-search", inputs);
      CHECK(lost(graph, both, inputs) <= least * 1.001);
      CHECK(least < 0.98 * lost(graph, plan_of(graph, coder + ")", inputs), inputs));
      const Plan alone = plan_of(graph, coder + ",observer=mse)", inputs);  // what the value itself would have
      CHECK(found.values.at("x").scales.front() < 0.97F * alone.values.at("x").scales.front());
    }
  }
}

TEST_CASE("the present range stays where no other is better") {
  // All codes' numbers, and weights that are codes: coding them loses nothing.
  const Graph graph = graph_of(
      "  input %x: float32[50,16]\n  const %w: float32[16,1] = float32[16,1] {127, -127, 3, 4, 5, "
      "6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}\n"
      "  %y: float32[50,1] = MatMul(%x, %w) @ \"y\"\n  output %y\n");
  const Inputs inputs{{"x", Tensor::fill<float>({50, 16}, [](std::span<float> out) {
                         for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(i % 256);
                       })}};
  const Plan before = plan_of(graph, "int8-static", inputs), after = plan_of(graph, "int8-static+range-search", inputs);
  CHECK(before.values.at("x") == after.values.at("x"));
  CHECK(after.nodes.at("y").operands.at(1) == before.nodes.at("y").operands.at(1));
}

TEST_CASE("values that moves hand on keep one range, found for all of their readers") {
  const Graph graph = with_shared_range();
  const Inputs inputs{{"x", uneven({4, 2, 16}, 3)}};
  const Plan before = plan_of(graph, "int8-static", inputs), plan = plan_of(graph, "int8-static+range-search", inputs);
  REQUIRE(plan.values.contains("h"));
  REQUIRE(plan.values.contains("r"));
  CHECK(plan.values.at("h") == plan.values.at("r"));
  CHECK_FALSE(plan.values.at("h") == before.values.at("h"));
  CHECK(error(graph, plan, inputs, 0) + error(graph, plan, inputs, 1) <
        error(graph, before, inputs, 0) + error(graph, before, inputs, 1));
}

TEST_CASE("codes of biases follow, also those of an Add behind a product") {
  for (const char* body :
       {"  %y: float32[50,6] = Gemm(%x, %w, %b) @ \"y\"\n  %z: float32[50,6] = Relu(%y) @ \"z\"\n",
        "  %y: float32[50,6] = MatMul(%x, %w) @ \"y\"\n  %z: float32[50,6] = Add(%b, %y) @ \"z\"\n"}) {
    INFO(body);
    const Graph graph =
        graph_of("  input %x: float32[50,16]\n" + weight("w", {16, 6}, 1) + weight("b", {6}, 2) +
                 weight("v", {6, 6}, 5) + body + "  %q: float32[50,6] = MatMul(%z, %v) @ \"q\"\n  output %q\n");
    const Inputs inputs{{"x", uneven({50, 16}, 3)}};
    const Plan plan = plan_of(graph, "int8-static+range-search", inputs);
    const NodePlan& holder = plan.nodes.at(plan.nodes.at("y").operands.contains(2) ? "y" : "z");
    const QParams& bias = holder.operands.at(plan.nodes.at("y").operands.contains(2) ? 2 : 0);
    REQUIRE(bias.scheme.code == DType::Int32);
    for (std::size_t c = 0; c < bias.scales.size(); ++c)
      CHECK(bias.scales[c] == plan.values.at("x").scales.at(0) * weight_scales(plan, "y")[c]);
    CHECK(error(graph, plan, inputs) < error(graph, plan_of(graph, "int8-static", inputs), inputs));
  }
}

TEST_CASE("scales do not shrink until pairs of weights saturate on a CPU without VNNI") {
  // The largest weight reads zeros alone, so that smaller scales lose nothing of it; pairs of the others are near 128.
  std::string list = "1.27, 0";
  for (int i = 0; i < 30; ++i) list += fmt::format(", {}", 0.604 + 0.001 * (i % 3));
  const Graph graph =
      graph_of(fmt::format("  input %x: float32[40,32]\n  const %w: float32[32,1] = float32[32,1] {{{}}}\n"
                           "  %y: float32[40,1] = MatMul(%x, %w) @ \"y\"\n  output %y\n",
                           list));
  Tensor x = Tensor::fill<float>({40, 32}, [](std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = i % 32 == 0 ? 0 : static_cast<float>(i * 7 % 256);
  });
  Sampled calibrator({{"x", x}});
  Task task = task_of(graph);
  task.calibrator = &calibrator;
  const auto saturated = [&](bool pairs_saturate) {
    task.pairs_saturate = pairs_saturate;
    const Plan plan = decide(resolve(parse_recipe("int8-static+range-search")), task);
    const QParams& weight = plan.nodes.at("y").operands.at(1);
    CHECK_FALSE(weight.scheme.reduced_range);
    return saturates(quantize(graph.value(graph.find("w")).initializer, weight));
  };
  CHECK_FALSE(saturated(true));
  CHECK(saturated(false));
}

TEST_CASE("where no activation has a range nothing is searched, and that is said") {
  const Graph graph = graph_of(layers()[0].body);
  const Inputs inputs{{"x", uneven({50, 16}, 3)}};
  const Plan plan = plan_of(graph, "int8-dynamic+range-search", inputs);
  CHECK(plan.notes.back() == "no activation has a range that could be searched");
  CHECK(needs_data(resolve(parse_recipe("int8-dynamic+range-search")), task_of(graph)));
}
