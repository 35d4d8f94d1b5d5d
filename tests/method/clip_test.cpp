// Scales that are chosen for what codes lose: clip, importance, hqq; and tables of numbers: palettize.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "method/graphs.h"

using namespace bw;
using namespace bw::test;

namespace {

// Products whose inputs' channels differ in size by far.
Graph network() {
  return graph_of("  input %x: float32[4,64]\n" + weight("w", {64, 32}, 1) + weight("v", {30, 32}, 2) +
                  "  %m: float32[4,32] = MatMul(%x, %w) @ \"m\"\n"
                  "  %y: float32[4,30] = Gemm(%m, %v) {transB = 1} @ \"y\"\n  output %y: float32[4,30]\n");
}

Inputs inputs_of(std::uint64_t seed) {
  const Tensor x = numbers({4, 64}, seed);
  return {{"x", Tensor::fill<float>({4, 64}, [&](std::span<float> out) {
             for (std::size_t i = 0; i < out.size(); ++i)
               out[i] = x.data<float>()[i] * (i % 64 % 7 == 0 ? 10.0F : 1.0F);
           })}};
}

Plan plan_with(const std::string& recipe) {
  std::vector<Inputs> samples;
  for (std::uint64_t seed = 1; seed <= 64; ++seed) samples.push_back(inputs_of(seed));
  Many calibrator(std::move(samples));
  const Graph graph = network();
  Task task = task_of(graph);
  task.calibrator = &calibrator;
  return decide(resolve(parse_recipe(recipe)), task);
}

// Relative squared error of a layer's weights.
double weight_error(const Plan& plan, const char* node, const char* weight) {
  const Graph graph = network();
  const Tensor& exact = graph.value(graph.find(weight)).initializer;
  const QParams& params = plan.nodes.at(node).operands.at(1);
  const std::vector<float> met = to_floats(dequantize(quantize(exact, params), params));
  return std::pow(10, -sqnr(met, to_floats(exact)) / 10);
}

double met(const Plan& plan) {
  const Graph graph = network(), coded = built(graph, plan).graph;
  std::vector<float> all, wanted;
  for (std::uint64_t seed = 100; seed < 140; ++seed) {
    const auto own = run(coded, inputs_of(seed))[0], exact = run(graph, inputs_of(seed))[0];
    all.insert(all.end(), own.begin(), own.end());
    wanted.insert(wanted.end(), exact.begin(), exact.end());
  }
  return sqnr(all, wanted);
}

const std::string kThree = "weight-only(bits=3,accuracy_level=1)";

}  // namespace

TEST_CASE("clip loses less of the weights, whichever way they lie") {
  for (const char* decider : {"weight-only(bits=3,accuracy_level=1)", "weight-only(bits=4,symmetric=no,block=16)"}) {
    const Plan widest = plan_with(decider), clipped = plan_with(std::string(decider) + "+clip");
    for (const auto& [node, weight] : {std::pair{"m", "w"}, {"y", "v"}}) {
      CAPTURE(decider, node);
      CHECK(weight_error(clipped, node, weight) < 0.97 * weight_error(widest, node, weight));
    }
  }
}

TEST_CASE("importance loses more of the weights than clip, and less of the outputs") {
  const Plan clipped = plan_with(kThree + "+clip"), weighed = plan_with(kThree + "+importance");
  CHECK(weight_error(weighed, "m", "w") > weight_error(clipped, "m", "w"));
  CHECK(met(weighed) > met(clipped) + 0.3);
  CHECK_THROWS_AS(decide(resolve(parse_recipe("weight-only+importance")), task_of(network())), Error);
}

TEST_CASE("hqq's numbers are what the runtime computes with, for zero points of both kinds") {
  for (const char* own : {"hqq(zero_points=whole)", "hqq"})
    for (const char* decider : {"weight-only(accuracy_level=1)", "weight-only(bits=2,block=16,accuracy_level=1)"}) {
      CAPTURE(own, decider);
      const Graph graph = network();
      const Plan plan = plan_with(std::string(decider) + "+" + own);
      const Graph file = built(graph, plan).graph;
      CHECK(std::ranges::count(file.nodes, "MatMulNBits", &Node::op_type) == 2);
      Graph exact = graph;
      for (const auto& [node, weight] : {std::pair{"m", "w"}, {"y", "v"}}) {
        const QParams& params = plan.nodes.at(node).operands.at(1);
        CHECK((params.scheme.zero_point == DType::Float32) == (own == std::string("hqq")));
        Tensor& numbers = exact.value(exact.find(weight)).initializer;
        numbers = dequantize(quantize(numbers, params), params);
      }
      CHECK(sqnr(run(file, inputs_of(7))[0], run(exact, inputs_of(7))[0]) > 105);
      CHECK(sqnr(run(file, inputs_of(7))[0], run(graph, inputs_of(7))[0]) > 2);
    }
  CHECK(weight_error(plan_with(kThree + "+hqq"), "m", "w") <
        weight_error(plan_with("weight-only(bits=3,symmetric=no)"), "m", "w"));
}

TEST_CASE("what hqq decides may be rounded successively, where its codes follow from a rule") {
  const auto rounded = [](const char* recipe) { return plan_with(recipe).notes.back(); };
  CHECK(rounded("weight-only+hqq(zero_points=whole)+gptq(scales=kept)") ==
        "the rounding of 2 layers makes up for its own errors");
  CHECK(rounded("weight-only+hqq+gptq") == "the rounding of 0 layers makes up for its own errors");
  CHECK(met(plan_with(kThree + "+hqq(zero_points=whole)+gptq(scales=kept)")) >
        met(plan_with(kThree + "+hqq(zero_points=whole)")) + 1);
}

TEST_CASE("palettes have a table of as many numbers as codes, which lose less than even steps") {
  double before = 1;
  for (int bits = 1; bits <= 8; ++bits) {
    CAPTURE(bits);
    const Plan plan = plan_with(fmt::format("palettize(bits={})", bits));
    const QParams& params = plan.nodes.at("m").operands.at(1);
    CHECK(params.codebook.size() == std::size_t{1} << bits);
    CHECK_FALSE(plan.nodes.at("y").changes());  // 960 numbers are too few for a table
    const double error = weight_error(plan, "m", "w");
    CHECK(error < before / 2.5);
    before = error;
  }
  CHECK(weight_error(plan_with("palettize(bits=4)"), "m", "w") <
        0.6 * weight_error(plan_with("weight-only(bits=4,block=tensor)"), "m", "w"));
  CHECK(met(plan_with("palettize(bits=6)")) > 25);
}

TEST_CASE("a table in units of each channel's largest weight serves channels of any size") {
  Graph graph = network();
  Value& weight = graph.value(graph.find("w"));
  const std::vector<float> stored = to_floats(weight.initializer);
  weight.initializer = Tensor::fill<float>(weight.initializer.shape(), [&](std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = stored[i] * (i % 32 < 16 ? 100.0F : 1.0F);
  });
  const auto error = [&](const char* recipe) {
    const Plan plan = plan_of(graph, recipe);
    const QParams& params = plan.nodes.at("m").operands.at(1);
    const std::vector<float> met = to_floats(dequantize(params.codes, params));
    double off = 0;  // of the small channels
    for (std::size_t i = 0; i < met.size(); ++i)
      if (i % 32 >= 16) off += std::pow(static_cast<double>(met[i]) - static_cast<double>(stored[i]), 2);
    return off;
  };
  CHECK(error("palettize(bits=4,scales=channel)") < 0.01 * error("palettize(bits=4)"));
}

TEST_CASE("tables count what weights are multiplied with, in units of channels too, whichever way the weight lies") {
  const auto graph_with = [](bool turned) {
    return graph_of("  input %x: float32[4,64]\n" + weight("w", turned ? Shape{32, 64} : Shape{64, 32}, 1) +
                    (turned ? "  %y: float32[4,32] = Gemm(%x, %w) {transB = 1} @ \"y\"\n"
                            : "  %y: float32[4,32] = MatMul(%x, %w) @ \"y\"\n") +
                    "  output %y: float32[4,32]\n");
  };
  for (const bool turned : {false, true})
    for (const char* palette : {"palettize(bits=3)", "palettize(bits=4,scales=channel)", "palettize(bits=2)"}) {
      CAPTURE(turned, palette);
      const Graph graph = graph_with(turned);
      const auto params = [&](const std::string& recipe) {
        const Plan plan = plan_of(graph, recipe, inputs_of(1));
        if (recipe.ends_with("importance"))
          CHECK(plan.notes.back() == "the codes of the weights of 1 layers count what they are multiplied with");
        return plan.nodes.at("y").operands.at(1);
      };
      // Each error counts as much as the mean square of what its column is multiplied with.
      const auto error = [&](const QParams& codes, bool counts) {
        const std::vector<float> exact = to_floats(graph.value(graph.find("w")).initializer),
                                 met = to_floats(dequantize(codes.codes, codes)), x = to_floats(inputs_of(1).at("x"));
        double sum = 0;
        for (std::size_t i = 0; i < exact.size(); ++i) {
          const std::size_t column = turned ? i % 64 : i / 32;
          double count = 0;
          for (std::size_t row = 0; row < 4; ++row) count += std::pow(static_cast<double>(x[row * 64 + column]), 2);
          sum += (counts ? count : 1) * std::pow(static_cast<double>(met[i]) - static_cast<double>(exact[i]), 2);
        }
        return sum;
      };
      const QParams plain = params(palette), counted = params(std::string(palette) + "+importance");
      CHECK(error(counted, true) < 0.97 * error(plain, true));
      CHECK(error(counted, false) > error(plain, false));
      CHECK(counted.codebook.size() == plain.codebook.size());
    }
  const Plan given = plan_with("bnb4"), same = plan_with("bnb4+importance");
  CHECK(given.nodes.at("m").operands.at(1) == same.nodes.at("m").operands.at(1));  // its table is given
}

TEST_CASE("importance counts, of a convolution's groups, what each of them reads") {
  const Graph graph =
      graph_of("  input %x: float32[1,8,5,5]\n" + weight("w", {6, 4, 3, 3}, 1) +
               "  %y: float32[1,6,3,3] = Conv(%x, %w) {group = 2} @ \"y\"\n  output %y: float32[1,6,3,3]\n");
  const auto sample = [](std::uint64_t seed) {
    const Tensor x = numbers({1, 8, 5, 5}, seed);
    return Inputs{{"x", Tensor::fill<float>({1, 8, 5, 5}, [&](std::span<float> out) {
                     for (std::size_t i = 0; i < out.size(); ++i)  // channels 0 and 7 are the large ones
                       out[i] = x.data<float>()[i] * (i / 25 == 0 || i / 25 == 7 ? 30.0F : 0.1F);
                   })}};
  };
  const auto scales = [&](const char* recipe) {
    std::vector<Inputs> samples;
    for (std::uint64_t seed = 1; seed <= 8; ++seed) samples.push_back(sample(seed));
    Many calibrator(std::move(samples));
    Task task = task_of(graph);
    task.calibrator = &calibrator;
    const Plan plan = decide(resolve(parse_recipe(recipe)), task);
    const QParams& params = plan.nodes.at("y").operands.at(1);
    const Tensor& exact = graph.value(graph.find("w")).initializer;
    const std::vector<float> met = to_floats(dequantize(quantize(exact, params), params));
    double off = 0;  // of the weights of the last three outputs that meet channel 7
    for (std::size_t o = 3; o < 6; ++o)
      for (std::size_t w = 0; w < 9; ++w) {
        const std::size_t i = o * 36 + 3 * 9 + w;
        off += std::pow(static_cast<double>(met[i]) - static_cast<double>(exact.data<float>()[i]), 2);
      }
    return off;
  };
  CHECK(scales("weight-only(bits=3,convolutions=yes)+importance") <
        0.8 * scales("weight-only(bits=3,convolutions=yes)+clip"));
}
