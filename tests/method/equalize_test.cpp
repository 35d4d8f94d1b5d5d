// Equalization against numpy's (tests/oracle/equalization.py), and by what it must leave: the same outputs, and the
// same range of a channel on both sides.
#include "method/golden.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tensor/kernels/layout.h"

using namespace bw;
using namespace bw::test;
using Catch::Approx;

namespace {

const Json& golden() {
  static const Json kGolden = golden_numbers("equalization.json");
  return kGolden;
}

Inputs golden_inputs() {
  const auto x = golden().at("input").get<std::vector<float>>();
  return {{"x", Tensor::of<float>({1, 3, 10, 10}, std::span<const float>(x))}};
}

// All factors of a constant, by its name in the end.
std::map<std::string, std::vector<float>> factors_of(const Plan& plan, int axis) {
  std::map<std::string, std::vector<float>> factors;
  for (const Edit& edit : plan.edits)
    if (const auto* scale = std::get_if<ScaleConstant>(&edit); scale != nullptr && scale->axis == axis)
      factors[scale->constant] = scale->factors;
  return factors;
}

std::vector<float> outputs(const Graph& graph, const Inputs& inputs) {
  return to_floats(evaluate(graph, inputs).front());
}

// The largest magnitude of each slice.
std::vector<float> ranges(const Tensor& weight, int axis) {
  const Layout layout = layout_along(weight.shape(), axis);
  std::vector<float> largest(layout.channels);
  for (std::size_t i = 0; i < weight.size(); ++i) {
    float& most = largest[i / layout.inner % layout.channels];
    most = std::max(most, std::abs(weight.data<float>()[i]));
  }
  return largest;
}

std::vector<std::string> ops_of(const Graph& graph) {
  std::vector<std::string> ops;
  for (const Node& node : graph.nodes) ops.push_back(node.op_type);
  return ops;
}

void check_same_outputs(const std::string& body, const std::string& recipe, const Shape& input) {
  const Graph graph = graph_of(body);
  const Inputs inputs{{"x", numbers(input, 3, 2)}};
  const Graph changed = edited(graph, plan_of(graph, recipe, inputs).edits);
  const std::vector<float> before = outputs(graph, inputs), after = outputs(changed, inputs);
  REQUIRE(before.size() == after.size());
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(after[i] == Approx(before[i]).epsilon(1e-4).margin(1e-4));
}

std::size_t edits(const std::string& body, const std::string& recipe = "equalize", const Shape& input = {1, 3, 6, 6}) {
  return plan_of(graph_of(body), recipe, {{"x", numbers(input, 3)}}).edits.size();
}

// Two convolutions and what stands between them, as lines that make %m of %h.
std::string between(const std::string& nodes, const std::string& second = "Conv(%m, %v)") {
  return "  input %x: float32[1,3,6,6]\n" + weight("w", {4, 3, 1, 1}, 1) + weight("b", {4}, 2) +
         weight("v", {5, 4, 1, 1}, 3) + weight("dw", {4, 1, 1, 1}, 4) + weight("half", {4, 2, 1, 1}, 5) +
         "  const %zero: float32[] = float32[] {0}\n  const %low: float32[] = float32[] {-0.5}\n  const %six: "
         "float32[] = float32[] {0.75}\n"
         "  %h: float32[1,4,6,6] = Conv(%x, %w, %b)\n" +
         nodes + "  %y = " + second + "\n  output %y\n";
}

}  // namespace

TEST_CASE("factors are those of an implementation in numpy") {
  const Plan plan = plan_of(golden_graph("equalize.onnx"), "equalize", golden_inputs());
  const auto made = factors_of(plan, 0);
  for (const auto& [layer, wanted] : golden().at("factors").items()) {
    INFO(layer);
    REQUIRE(made.contains(layer + ".b"));
    const std::vector<float>& factors = made.at(layer + ".b");
    REQUIRE(factors.size() == wanted.size());
    for (std::size_t i = 0; i < factors.size(); ++i) CHECK(factors[i] == Approx(wanted[i].get<double>()).epsilon(1e-5));
  }
}

TEST_CASE("an equalized network computes what it computed before, and channels have one range on both sides") {
  const Graph graph = golden_graph("equalize.onnx");
  const Graph changed = edited(graph, plan_of(graph, "equalize", golden_inputs()).edits);
  const std::vector<float> found = outputs(changed, golden_inputs());
  for (std::size_t i = 0; i < found.size(); ++i)
    CHECK(found[i] == Approx(golden().at("output")[i].get<double>()).epsilon(1e-4).margin(1e-5));
  const auto content = [&](const char* name) { return changed.value(changed.find(name)).initializer; };
  const std::vector<float> made = ranges(content("c3.w"), 0), read = ranges(content("c4.w"), 1);
  for (std::size_t i = 0; i < made.size(); ++i) CHECK(made[i] == Approx(read[i]).epsilon(0.03));
}

TEST_CASE("channels that a Clip cuts off stay as they are, the others below its bound") {
  const std::string clipped = between("  %m: float32[1,4,6,6] = Clip(%h, %zero, %six) @ \"clip\"\n");
  check_same_outputs(clipped, "equalize", {1, 3, 6, 6});
  const Graph graph = graph_of(clipped);
  const Inputs inputs{{"x", numbers({1, 3, 6, 6}, 3, 0.5)}};
  const Plan plan = plan_of(graph, "equalize", inputs);
  const std::vector<float> factors = factors_of(plan, 0).at("b");
  Graph cut = graph;
  cut.outputs = {cut.find("h")};
  const std::vector<float> seen = outputs(cut, inputs);
  std::size_t kept = 0, limited = 0;
  for (std::size_t channel = 0; channel < 4; ++channel) {
    const float most = *std::max_element(seen.begin() + channel * 36, seen.begin() + (channel + 1) * 36);
    if (1.25f * most >= 0.75f) {
      CHECK(factors[channel] == 1);
      ++kept;
    } else {
      CHECK(std::max(most, 0.0f) * factors[channel] * 1.25f <= 0.7501f);
      limited += factors[channel] != 1;
    }
  }
  CHECK(kept > 0);
  CHECK(limited > 0);
  CHECK(ops_of(edited(graph, plan.edits)) == ops_of(graph));
}

TEST_CASE("a bound for each channel takes a Clip's place where that is asked for, without data") {
  const std::string clipped = between("  %m: float32[1,4,6,6] = Clip(%h, %zero, %six) @ \"clip\"\n");
  check_same_outputs(clipped, "equalize(clips=spread)", {1, 3, 6, 6});
  const Graph graph = graph_of(clipped);
  CHECK_FALSE(needs_data(resolve(parse_recipe("equalize(clips=spread)")), task_of(graph)));
  CHECK(needs_data(resolve(parse_recipe("equalize")), task_of(graph)));
  const Plan plan = plan_of(graph, "equalize(clips=spread)");
  CHECK(std::ranges::any_of(factors_of(plan, 0).at("b"), [](float f) { return f != 1; }));
  CHECK(ops_of(edited(graph, plan.edits)) == std::vector<std::string>{"Conv", "Relu", "Min", "Conv"});
}

TEST_CASE("factors pass what multiplies with them, and nothing else") {
  for (const char* passing : {"Relu(%h)", "LeakyRelu(%h) {alpha = 0.3f}", "MaxPool(%h) {kernel_shape = ints [1, 1]}",
                              "AveragePool(%h) {kernel_shape = ints [1, 1]}"}) {
    INFO(passing);
    const std::string body = between(fmt::format("  %m: float32[1,4,6,6] = {}\n", passing));
    CHECK(edits(body) == 3);
    check_same_outputs(body, "equalize", {1, 3, 6, 6});
  }
  for (const char* other :
       {"Sigmoid(%h)", "Elu(%h)", "Add(%h, %six)", "Clip(%h, %six)", "Clip(%h, %zero)", "Clip(%h, %low, %six)"}) {
    INFO(other);
    CHECK(edits(between(fmt::format("  %m: float32[1,4,6,6] = {}\n", other))) == 0);
  }
}

TEST_CASE("layers that share what is between them are left alone") {
  const std::string relu = "  %m: float32[1,4,6,6] = Relu(%h)\n";
  CHECK(edits(between(relu + "  output %h\n")) == 0);
  CHECK(edits(between(relu + "  output %m\n")) == 0);
  CHECK(edits(between(relu + "  %n: float32[1,4,6,6] = Neg(%m)\n  output %n\n")) == 0);
  CHECK(edits(between(relu, "Conv(%m, %half) {group = 2}")) == 0);
  CHECK(edits(between(relu, "Conv(%m, %dw) {group = 4}")) == 3);
  check_same_outputs(between(relu, "Conv(%m, %dw) {group = 4}"), "equalize", {1, 3, 6, 6});
}

TEST_CASE("a weight that others read too is copied first") {
  const std::string body =
      "  input %x: float32[2,4]\n" + weight("w", {4, 4}, 1) + weight("b", {4}, 2) +
      "  %h: float32[2,4] = Gemm(%x, %w, %b)\n  %m: float32[2,4] = Relu(%h)\n  %g: float32[2,4] = Gemm(%m, %w, %b)\n"
      "  %n: float32[2,4] = Relu(%g)\n  %y: float32[2,4] = MatMul(%n, %w)\n  output %y\n";
  check_same_outputs(body, "equalize", {2, 4});
  const Plan plan = plan_of(graph_of(body), "equalize", {{"x", numbers({2, 4}, 3)}});
  CHECK(std::ranges::count_if(plan.edits, [](const Edit& e) { return std::holds_alternative<CopyConstant>(e); }) == 5);
}

TEST_CASE("the bias behind a product goes with it, and a flattened picture's only where it is one pixel") {
  const std::string product = "  input %x: float32[2,4]\n" + weight("w", {4, 3}, 1) + weight("b", {3}, 2) +
                              weight("v", {3, 2}, 3) +
                              "  %p: float32[2,3] = MatMul(%x, %w)\n  %h: float32[2,3] = Add(%p, %b)\n"
                              "  %m: float32[2,3] = Relu(%h)\n  %y: float32[2,2] = MatMul(%m, %v)\n  output %y\n";
  check_same_outputs(product, "equalize", {2, 4});
  CHECK(edits(product, "equalize", {2, 4}) == 3);
  const auto flat = [](const std::string& pool, int width) {
    return "  input %x: float32[1,3,6,6]\n" + weight("w", {4, 3, 1, 1}, 1) + weight("v", {width, 2}, 3) +
           "  %h: float32[1,4,6,6] = Conv(%x, %w)\n  %m = " + pool +
           "\n  %f = Flatten(%m)\n  %y: float32[1,2] = MatMul(%f, %v)\n  output %y\n";
  };
  check_same_outputs(flat("GlobalAveragePool(%h)", 4), "equalize", {1, 3, 6, 6});
  CHECK(edits(flat("GlobalAveragePool(%h)", 4)) == 2);
  CHECK(edits(flat("Relu(%h)", 144)) == 0);
  // Four channels of pictures that are four wide: a product reads columns.
  const std::string columns = "  input %x: float32[1,3,4,4]\n" + weight("w", {4, 3, 1, 1}, 1) + weight("v", {4, 2}, 3) +
                              "  %h: float32[1,4,4,4] = Conv(%x, %w)\n  %y = MatMul(%h, %v)\n  output %y\n";
  CHECK(edits(columns, "equalize", {1, 3, 4, 4}) == 0);
  const std::string shaped = "  input %x: float32[1,3,4,4]\n  const %s: int64[3] = int64[3] {1, 4, 16}\n" +
                             weight("w", {4, 3, 1, 1}, 1) + weight("v", {2, 4, 1}, 3) +
                             "  %h: float32[1,4,4,4] = Conv(%x, %w)\n  %m: float32[1,4,16] = Reshape(%h, %s)\n"
                             "  %y = Conv(%m, %v)\n  output %y\n";
  CHECK(edits(shaped, "equalize", {1, 3, 4, 4}) == 2);
  check_same_outputs(shaped, "equalize", {1, 3, 4, 4});
}

TEST_CASE("dead channels get no factor") {
  const std::string body =
      "  input %x: float32[2,2]\n  const %w: float32[2,3] = float32[2,3] {4, 0, 1, 2, 0, 1}\n"
      "  const %v: float32[3,1] = float32[3,1] {1, 5, 0}\n"
      "  %h: float32[2,3] = MatMul(%x, %w)\n  %m: float32[2,3] = Relu(%h)\n  %y: float32[2,1] = MatMul(%m, %v)\n"
      "  output %y\n";
  const Plan plan = plan_of(graph_of(body), "equalize");
  CHECK(factors_of(plan, 1).at("w") == std::vector<float>{0.5f, 1, 1});
  CHECK(factors_of(plan, 0).at("v") == std::vector<float>{2, 1, 1});
}

namespace {

// Two convolutions of single places; the first has channels that are always far above zero.
std::string biased(const std::string& nodes, const std::string& second = "Conv(%m, %v, %c)") {
  return "  input %x: float32[1,3,6,6]\n" + weight("w", {4, 3, 1, 1}, 1, 0.2) +
         "  const %b: float32[4] = float32[4] {9, 0, 4, -3}\n" + weight("v", {5, 4, 1, 1}, 3) +
         weight("big", {5, 4, 3, 3}, 4) + weight("c", {5}, 5) +
         "  const %zero: float32[] = float32[] {0}\n  const %six: float32[] = float32[] {8.5}\n"
         "  %h: float32[1,4,6,6] = Conv(%x, %w, %b) @ \"h\"\n" +
         nodes + "  %y = " + second + "\n  output %y\n";
}

// What is taken off the first layer's bias, by channel.
std::vector<float> absorbed(const std::string& body) {
  const Graph graph = graph_of(body);
  const Plan plan = plan_of(graph, "equalize(absorb=seen)", {{"x", numbers({1, 3, 6, 6}, 3, 2)}});
  std::vector<float> off(4, 0);
  for (const Edit& edit : plan.edits)
    if (const auto* replaced = std::get_if<ReplaceConstant>(&edit); replaced != nullptr && replaced->constant == "b")
      for (std::size_t c = 0; c < 4; ++c)
        off[c] = graph.value(graph.find("b")).initializer.data<float>()[c] - replaced->content.data<float>()[c];
  return off;
}

}  // namespace

TEST_CASE("what is never missing of a channel goes into the next layer's bias") {
  const std::string body = biased("  %m: float32[1,4,6,6] = Relu(%h)\n");
  check_same_outputs(body, "equalize(absorb=seen)", {1, 3, 6, 6});
  Graph cut = graph_of(body);
  cut.outputs = {cut.find("h")};
  const std::vector<float> seen = outputs(cut, {{"x", numbers({1, 3, 6, 6}, 3, 2)}}), off = absorbed(body);
  for (std::size_t c = 0; c < 4; ++c)
    CHECK(off[c] ==
          Approx(std::max(0.0f, *std::min_element(seen.begin() + c * 36, seen.begin() + (c + 1) * 36))).margin(1e-5));
  CHECK((off[0] > 3 && off[1] == 0 && off[2] > 0 && off[3] == 0));
  CHECK_FALSE(needs_data(resolve(parse_recipe("equalize")), task_of(graph_of(body))));
  CHECK(needs_data(resolve(parse_recipe("equalize(absorb=seen)")), task_of(graph_of(body))));
}

TEST_CASE("nothing is absorbed where zeros are read that were not lowered, or a Clip cuts off") {
  const std::string relu = "  %m: float32[1,4,6,6] = Relu(%h)\n";
  const std::vector<float> none(4, 0);
  CHECK(absorbed(biased(relu, "Conv(%m, %big, %c) {pads = ints [1, 1, 1, 1]}")) == none);
  CHECK(absorbed(biased(relu, "Conv(%m, %big, %c) {auto_pad = \"SAME_UPPER\"}")) == none);
  CHECK(absorbed(biased(relu, "Conv(%m, %v)")) == none);
  CHECK(absorbed(biased(relu, "Conv(%m, %big, %c)")) != none);
  check_same_outputs(biased(relu, "Conv(%m, %big, %c)"), "equalize(absorb=seen)", {1, 3, 6, 6});
  const std::string clip = "  %m: float32[1,4,6,6] = Clip(%h, %zero, %six)\n";
  CHECK((absorbed(biased(clip))[0] == 0 && absorbed(biased(clip))[2] > 0));
  check_same_outputs(biased(clip), "equalize(absorb=seen)", {1, 3, 6, 6});
  const std::string pool = relu + "  %q = AveragePool(%m) {kernel_shape = ints [2, 2], pads = ints [1, 1, 1, 1]";
  CHECK(absorbed(biased(pool + ", count_include_pad = 1}\n", "Conv(%q, %v, %c)")) == none);
  CHECK(absorbed(biased(pool + "}\n", "Conv(%q, %v, %c)")) != none);
  check_same_outputs(biased(pool + "}\n", "Conv(%q, %v, %c)"), "equalize(absorb=seen)", {1, 3, 6, 6});
}

TEST_CASE("a bias between two pairs gives to the one and takes from the other") {
  const std::string body = "  input %x: float32[1,3,6,6]\n" + weight("w", {4, 3, 1, 1}, 1, 0.2) +
                           weight("v", {4, 4, 1, 1}, 3, 0.2) + weight("u", {5, 4, 1, 1}, 4) + weight("c", {5}, 5) +
                           "  const %b: float32[4] = float32[4] {9, 8, 7, -3}\n"
                           "  %h: float32[1,4,6,6] = Conv(%x, %w, %b)\n  %m: float32[1,4,6,6] = Relu(%h)\n"
                           "  %g: float32[1,4,6,6] = Conv(%m, %v, %b)\n  %n: float32[1,4,6,6] = Relu(%g)\n"
                           "  %y = Conv(%n, %u, %c)\n  output %y\n";
  check_same_outputs(body, "equalize(absorb=seen)", {1, 3, 6, 6});
  const Plan plan = plan_of(graph_of(body), "equalize(absorb=seen)", {{"x", numbers({1, 3, 6, 6}, 3, 2)}});
  CHECK(std::ranges::any_of(plan.notes, [](const auto& n) { return n.ends_with("channels are absorbed"); }));
}

TEST_CASE("normalizations say how low a channel can get, without data") {
  const Graph stored = parse_graph(
      "ir_version 8\nopset \"\" 17\ngraph \"g\" {\n  input %x: float32[1,3,4,4]\n" + weight("w", {3, 3, 1, 1}, 1) +
      weight("v", {2, 3, 1, 1}, 2) + weight("c", {2}, 3) +
      "  const %scale: float32[3] = float32[3] {1, 1, 2}\n  const %shift: float32[3] = float32[3] {5, 2, 8}\n"
      "  const %mean: float32[3] = float32[3] {0, 0, 0}\n  const %variance: float32[3] = float32[3] {1, 1, 1}\n"
      "  %p: float32[1,3,4,4] = Conv(%x, %w)\n"
      "  %h: float32[1,3,4,4] = BatchNormalization(%p, %scale, %shift, %mean, %variance)\n"
      "  %m: float32[1,3,4,4] = Relu(%h)\n  %y: float32[1,2,4,4] = Conv(%m, %v, %c) @ \"y\"\n  output %y\n}\n");
  Graph graph = stored;
  prepare(graph);
  onnx::infer_types(graph);
  Task task = task_of(graph);
  task.stored = &stored;
  const Chain chain = resolve(parse_recipe("equalize(absorb=normalization)"));
  CHECK_FALSE(needs_data(chain, task));
  const Plan plan = decide(chain, task);
  const ValueId bias = graph.node(0).input(2);
  for (const Edit& edit : plan.edits)
    if (const auto* replaced = std::get_if<ReplaceConstant>(&edit);
        replaced != nullptr && replaced->constant == graph.value(bias).name)
      for (const auto& [c, low] : {std::pair{0, 2}, {1, 0}, {2, 2}})
        CHECK(replaced->content.data<float>()[c] ==
              Approx(graph.value(bias).initializer.data<float>()[c] - static_cast<float>(low)));
  CHECK(std::ranges::any_of(plan.notes, [](const auto& n) { return n == "the biases of 2 channels are absorbed"; }));
}

TEST_CASE("what is decided after a rewriting method is decided for the weights that it left") {
  const Graph graph = golden_graph("equalize.onnx");
  const Plan plan = plan_of(graph, "equalize+int8-static(per_channel=no)", golden_inputs());
  const Graph changed = edited(graph, plan.edits);
  for (const char* layer : {"c3", "c4"}) {
    const Tensor weight = changed.value(changed.find(std::string(layer) + ".w")).initializer;
    float most = 0;
    for (const float x : weight.data<float>()) most = std::max(most, std::abs(x));
    CHECK(plan.nodes.at(layer).operands.at(1).scales.at(0) == Approx(most / 127).epsilon(1e-6));
  }
  Graph cut = changed;
  cut.outputs = {cut.find("c4")};
  const std::vector<float> seen = outputs(cut, golden_inputs());
  const float high = std::max(0.0f, *std::ranges::max_element(seen));
  CHECK(plan.values.at("r4").scales.at(0) == Approx(high / 255).epsilon(1e-5));
}
