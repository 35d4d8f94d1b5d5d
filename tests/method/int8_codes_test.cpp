// Scales, zero points and codes that int8-static decides on, worked out from what was seen; no plan of ours is the
// yardstick.
#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "method/graphs.h"

using namespace bw;
using namespace bw::test;
using Catch::Approx;

namespace {

const char* const kX = "  input %x: float32[N,4]\n";

// A row for each list, and their smallest and largest number are those that are seen.
Inputs rows(std::initializer_list<float> numbers) {
  return {{"x", Tensor::of<float>({static_cast<std::int64_t>(numbers.size() / 4), 4}, numbers)}};
}

const Inputs kSeen = rows({-1, 0.5f, 2, 0, 1, 1, 1, 1});

// A product with a weight of two columns, the largest of them 2.54 and 0.0127, and what is around it.
std::string product(const std::string& nodes) {
  return std::string(kX) +
         "  const %w: float32[4,2] = float32[4,2] {2.54, 0.0127, -1, 0.01, 0.5, -0.002, 0.1, 0.001}\n"
         "  const %u: float32[2,2] = float32[2,2] {1, 2, 3, 4}\n" +
         nodes;
}

Plan plan_without_vnni(const Graph& graph, const std::string& recipe, const Inputs& inputs) {
  const Chain chain = resolve(parse_recipe(recipe));
  Sampled calibrator(inputs);
  Task task = task_of(graph);
  task.pairs_saturate = true;
  task.calibrator = &calibrator;
  return decide(chain, task);
}

const QParams& operand(const Plan& plan, const char* node, int position) {
  REQUIRE(plan.nodes.contains(node));
  REQUIRE(plan.nodes.at(node).operands.contains(position));
  return plan.nodes.at(node).operands.at(position);
}

bool notes_say(const Plan& plan, const char* part) {
  return std::ranges::any_of(plan.notes, [&](const auto& note) { return note.find(part) != note.npos; });
}

}  // namespace

TEST_CASE("activations have the scale of what was seen") {
  const Graph graph = graph_of(product("  %y: float32[N,2] = MatMul(%x, %w) @ \"y\"\n  output %y: float32[N,2]\n"));
  struct Row {
    const char* recipe;
    DType code;
    float scale;
    std::int32_t zero_point;
  };
  for (const Row& row : {Row{"int8-static", DType::UInt8, 3.0f / 255, 85},
                         Row{"int8-static(activations=s8)", DType::Int8, 3.0f / 255, -43},
                         Row{"int8-static(symmetric=yes)", DType::UInt8, 4.0f / 255, 128},
                         Row{"int8-static(activations=s8,symmetric=yes)", DType::Int8, 2.0f / 127, 0}}) {
    INFO(row.recipe);
    const Plan plan = plan_of(graph, row.recipe, kSeen);
    REQUIRE(plan.values.size() == 1);
    const QParams& x = plan.values.at("x");
    CHECK(x.scheme.code == row.code);
    CHECK(x.scales.at(0) == Approx(row.scale).epsilon(1e-6));
    CHECK(x.zero_points.at(0) == static_cast<float>(row.zero_point));
  }
}

TEST_CASE("weights of four bits are stored in eight, since products of codes take no less") {
  const Graph graph = graph_of(product("  %y: float32[N,2] = MatMul(%x, %w) @ \"y\"\n  output %y: float32[N,2]\n"));
  const Plan plan = plan_of(graph, "int8-static(weights=s4)", kSeen);
  const QParams weight = operand(plan, "y", 1);
  CHECK(weight.scheme.code == DType::Int4);
  CHECK(weight.scales.at(0) == Approx(2 * 2.54 / 15).epsilon(1e-6));  // as onnxruntime's quantizer has 4 bits
  const Graph file = built(graph, plan).graph;
  std::size_t found = 0;
  for (const Value& value : file.values) {
    CHECK(value.initializer.dtype() != DType::Int4);
    if (value.initializer.dtype() != DType::Int8 || value.initializer.size() != 8) continue;
    CHECK(to_floats(value.initializer) == to_floats(quantize(graph.value(graph.find("w")).initializer, weight)));
    ++found;
  }
  CHECK(found == 1);
}

TEST_CASE("weights have one scale for each column, or one for all") {
  const Graph graph = graph_of(product("  %y: float32[N,2] = MatMul(%x, %w) @ \"y\"\n  output %y: float32[N,2]\n"));
  const QParams columns = operand(plan_of(graph, "int8-static", kSeen), "y", 1);
  CHECK(columns.scheme ==
        Scheme{.code = DType::Int8, .granularity = Granularity::Channel, .axis = 1, .symmetric = true});
  REQUIRE(columns.scales.size() == 2);
  CHECK(columns.scales[0] == Approx(0.02));
  CHECK(columns.scales[1] == Approx(0.0001));
  const QParams all = operand(plan_of(graph, "int8-static(per_channel=no)", kSeen), "y", 1);
  REQUIRE(all.scales.size() == 1);
  CHECK(all.scales[0] == Approx(0.02));
  const QParams unsigned_codes = operand(plan_of(graph, "int8-static(weights=u8,per_channel=no)", kSeen), "y", 1);
  CHECK(unsigned_codes.scheme.code == DType::UInt8);
  CHECK(unsigned_codes.scales[0] == Approx(3.54 / 255));
  CHECK(unsigned_codes.zero_points[0] == 72);
}

TEST_CASE("rows of a transposed weight are its channels") {
  const Graph graph = graph_of(std::string(kX) +
                               "  const %w: float32[2,4] = float32[2,4] {2.54, -1, 0.5, 0.1, 0.0127, 0.01, 0, 0.001}\n"
                               "  %y: float32[N,2] = Gemm(%x, %w) {transB = 1} @ \"y\"\n  output %y: float32[N,2]\n");
  for (const char* recipe : {"int8-static", "int8-dynamic"}) {
    const QParams weight = operand(plan_of(graph, recipe, kSeen), "y", 1);
    CHECK(weight.scheme.axis == 0);
    REQUIRE(weight.scales.size() == 2);
    CHECK(weight.scales[0] == Approx(0.02));
    CHECK(weight.scales[1] == Approx(0.0001));
  }
}

// --- biases

TEST_CASE("a bias has the product of both scales, one for each channel") {
  const Graph graph =
      graph_of(product("  const %b: float32[2] = float32[2] {3, -4}\n"
                       "  %y: float32[N,2] = Gemm(%x, %w, %b) @ \"y\"\n  output %y: float32[N,2]\n"));
  const Plan plan = plan_of(graph, "int8-static", kSeen);
  const QParams bias = operand(plan, "y", 2);
  CHECK(bias.scheme == Scheme{.code = DType::Int32, .granularity = Granularity::Channel, .symmetric = true});
  const double x = 3.0 / 255;
  REQUIRE(bias.scales.size() == 2);
  CHECK(bias.scales[0] == Approx(x * 0.02));
  CHECK(bias.scales[1] == Approx(x * 0.0001));
  CHECK(bias.zero_points == std::vector<float>{0, 0});
  CHECK(operand(plan_of(graph, "int8-static(per_channel=no)", kSeen), "y", 2).scales.size() == 1);
}

TEST_CASE("where a bias would leave int32 the weight's scale of its channel grows until it does not") {
  const Graph graph =
      graph_of(product("  const %b: float32[2] = float32[2] {3, -1e7}\n"
                       "  %y: float32[N,2] = Gemm(%x, %w, %b) @ \"y\"\n  output %y: float32[N,2]\n"));
  const double x = static_cast<double>(3.0f / 255), least = 1.0001 * 2 * 1e7 / (4294967296.0 - 2);
  const Plan plan = plan_of(graph, "int8-static", kSeen);
  const QParams weight = operand(plan, "y", 1), bias = operand(plan, "y", 2);
  CHECK(weight.scales[0] == Approx(0.02));
  CHECK(weight.scales[1] == Approx(least / x));
  CHECK(bias.scales[1] == Approx(least));
  const double code = -1e7 / static_cast<double>(bias.scales[1]);
  CHECK(code > -2147483648.0);
  CHECK(code < -2147000000.0);  // no more than needed
  // One scale for all of the weight is as large as the largest bias needs.
  CHECK(operand(plan_of(graph, "int8-static(per_channel=no)", kSeen), "y", 1).scales[0] ==
        Approx(std::max(0.02, least / x)));
  CHECK(sqnr(run(lowered(graph, "int8-static", kSeen), kSeen)[0], run(graph, kSeen)[0]) > 80);
}

TEST_CASE("a bias that is added to a product in two dimensions is coded with it, from either side") {
  for (const char* add : {"Add(%m, %b)", "Add(%b, %m)"}) {
    INFO(add);
    const Graph graph =
        graph_of(product("  const %b: float32[2] = float32[2] {3, -4}\n"
                         "  %m: float32[N,2] = MatMul(%x, %w) @ \"m\"\n  %y: float32[N,2] = " +
                         std::string(add) + " @ \"y\"\n  output %y: float32[N,2]\n"));
    const Plan plan = plan_of(graph, "int8-static", kSeen);
    CHECK(precision_of(plan, "y") == Precision::Integer);
    const QParams bias = operand(plan, "y", std::string_view(add) == "Add(%m, %b)" ? 1 : 0);
    CHECK(bias.scheme.code == DType::Int32);
    CHECK(bias.scales[0] == Approx(3.0 / 255 * 0.02));
    CHECK(plan.values.size() == 1);  // no codes between the two
    const std::vector<float> met = run(lowered(graph, "int8-static", kSeen), kSeen)[0];
    CHECK(sqnr(met, run(graph, kSeen)[0]) > 30);
  }
}

TEST_CASE("an added bias stays in float where the runtime adds it as it is") {
  const auto decided = [](const char* shape, const char* out, const char* bias, const Tensor& x) {
    const Graph graph =
        graph_of(fmt::format("  input %x: float32[{}]\n", shape) +
                 "  const %w: float32[4,2] = float32[4,2] {2.54, 0.0127, -1, 0.01, 0.5, -0.002, 0.1, 0.001}\n" + bias +
                 fmt::format("  %m: float32[{0}] = MatMul(%x, %w) @ \"m\"\n  %y: float32[{0}] = Add(%m, %b) @ \"y\"\n"
                             "  output %y: float32[{0}]\n",
                             out));
    const Plan plan = plan_of(graph, "int8-static", {{"x", x}});
    CHECK(precision_of(plan, "m") == Precision::Integer);
    return precision_of(plan, "y");
  };
  const char *vector = "  const %b: float32[2] = float32[2] {3, -4}\n",
             *number = "  const %b: float32[] = float32[] {3}\n";
  CHECK(decided("N,S,4", "N,S,2", vector, numbers({2, 3, 4}, 1)) == Precision::Float32);  // merged by nobody
  CHECK(decided("2,3,4", "2,3,2", vector, numbers({2, 3, 4}, 1)) == Precision::Integer);  // merged: all is known
  CHECK(decided("N,4", "N,2", vector, numbers({2, 4}, 1)) == Precision::Integer);         // merged: matrices
  CHECK(decided("N,4", "N,2", number, numbers({2, 4}, 1)) == Precision::Float32);         // no vector of its width
}

// --- CPUs without VNNI

TEST_CASE("without VNNI, layers whose pairs could saturate have 7-bit weights, and only they") {
  const Graph graph =
      graph_of(std::string(kX) +
               // Neighbours of the largest size in a column, and in no column.
               "  const %big: float32[4,2] = float32[4,2] {1, 0.1, 1, -0.1, 0.1, 0.1, 0.1, 1}\n"
               "  const %calm: float32[2,2] = float32[2,2] {1, 0.001, -0.001, 1}\n"
               "  %m: float32[N,2] = MatMul(%x, %big) @ \"m\"\n  %y: float32[N,2] = MatMul(%m, %calm) @ \"y\"\n"
               "  output %y: float32[N,2]\n");
  const auto reduced = [&](const Plan& plan, const char* node) { return operand(plan, node, 1).scheme.reduced_range; };
  const Plan automatic = plan_without_vnni(graph, "int8-static", kSeen);
  CHECK(reduced(automatic, "m"));
  CHECK_FALSE(reduced(automatic, "y"));
  CHECK(operand(automatic, "m", 1).scales[0] == Approx(1.0 / 64));
  CHECK(operand(automatic, "y", 1).scales[0] == Approx(1.0 / 127));
  CHECK(notes_say(automatic, "1 layers have 7-bit weights"));
  const Plan vnni = plan_of(graph, "int8-static", kSeen);
  CHECK_FALSE(reduced(vnni, "m"));
  CHECK_FALSE(notes_say(vnni, "7-bit"));
  const Plan asked = plan_of(graph, "int8-static(reduced_range=yes)", kSeen);
  CHECK(reduced(asked, "m"));
  CHECK(reduced(asked, "y"));
  CHECK_FALSE(reduced(plan_without_vnni(graph, "int8-static(reduced_range=no)", kSeen), "m"));
  CHECK_FALSE(reduced(plan_without_vnni(graph, "int8-static(weights=u8)", kSeen), "m"));
}

TEST_CASE("neighbours that could saturate are looked for along the weight's rows and its columns") {
  for (const char* weight :
       {"{1, 1, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01}", "{1, 0.01, 1, 0.01, 0.01, 0.01, 0.01, 0.01}"}) {
    const Graph graph = graph_of(std::string(kX) + "  const %w: float32[4,2] = float32[4,2] " + weight +
                                 "\n  %y: float32[N,2] = MatMul(%x, %w) @ \"y\"\n  output %y: float32[N,2]\n");
    const Plan plan = plan_without_vnni(graph, "int8-static(per_channel=no)", kSeen);
    CHECK(operand(plan, "y", 1).scheme.reduced_range);
  }
}

// --- islands

namespace {

// Convolutions %a and %b of one input that is wide enough for integer kernels.
std::string convolutions(const std::string& nodes) {
  return "  input %x: float32[N,4,2,2]\n" + weight("w", {4, 4, 1, 1}, 1) + weight("v", {4, 4, 1, 1}, 2) +
         "  const %half: float32[1,4,1,1] = float32[1,4,1,1] {0.5, 0.25, 0.75, 1}\n"
         "  %a: float32[N,4,2,2] = Conv(%x, %w) @ \"a\"\n" +
         nodes;
}

const Inputs kImages{{"x", numbers({2, 4, 2, 2}, 7)}};

std::set<std::string> coded(const Plan& plan) {
  std::set<std::string> names;
  for (const auto& [name, params] : plan.values) names.insert(name);
  return names;
}

using Set = std::set<std::string>;

}  // namespace

TEST_CASE("a sum joins when one side is codes in any case, and then the other is coded too") {
  const Graph graph =
      graph_of(convolutions("  %n: float32[N,4,2,2] = Neg(%x)\n  %s: float32[N,4,2,2] = Add(%a, %n) @ \"s\"\n"
                            "  %y: float32[N,4,2,2] = Conv(%s, %v) @ \"y\"\n  output %y: float32[N,4,2,2]\n"));
  const Plan plan = plan_of(graph, "int8-static", kImages);
  CHECK(precision_of(plan, "s") == Precision::Integer);
  CHECK(coded(plan) == Set{"x", "a", "n", "s", "y"});
}

TEST_CASE("a sum of floats alone stays one") {
  const Graph graph =
      graph_of(convolutions("  %n: float32[N,4,2,2] = Neg(%x)\n  %s: float32[N,4,2,2] = Add(%n, %x) @ \"s\"\n"
                            "  %y: float32[N,4,2,2] = Conv(%s, %v) @ \"y\"\n  output %y: float32[N,4,2,2]\n"
                            "  output %a: float32[N,4,2,2]\n"));
  CHECK(precision_of(plan_of(graph, "int8-static", kImages), "s") == Precision::Float32);
}

TEST_CASE("moves of codes keep their scale, and no codes are made for a move alone") {
  const Graph graph =
      graph_of(convolutions("  %t: float32[N,2,2,4] = Transpose(%a) {perm = ints [0, 2, 3, 1]} @ \"t\"\n"
                            "  %b: float32[N,4,2,2] = Transpose(%t) {perm = ints [0, 3, 2, 1]} @ \"b\"\n"
                            "  %c: float32[N,4,2,2] = Conv(%b, %v) @ \"c\"\n"
                            "  %e: float32[N,2,2,4] = Transpose(%c) {perm = ints [0, 2, 3, 1]} @ \"e\"\n"
                            "  output %e: float32[N,2,2,4]\n"));
  const Plan plan = plan_of(graph, "int8-static", kImages);
  CHECK(precision_of(plan, "t") == Precision::Integer);
  CHECK(precision_of(plan, "e") == Precision::Float32);
  for (const char* moved : {"t", "b"}) {
    CHECK(plan.values.at(moved).scales == plan.values.at("a").scales);
    CHECK(plan.values.at(moved).zero_points == plan.values.at("a").zero_points);
  }
}

TEST_CASE("what is taken out of codes keeps their scale, though its own range is smaller") {
  const Graph graph =
      graph_of(convolutions("  %p: float32[N,4,1,1] = MaxPool(%a) {kernel_shape = ints [2, 2]} @ \"p\"\n"
                            "  %y: float32[N,4,1,1] = Conv(%p, %v) @ \"y\"\n  output %y: float32[N,4,1,1]\n"));
  const Plan plan = plan_of(graph, "int8-static", kImages);
  CHECK(precision_of(plan, "p") == Precision::Integer);
  CHECK(plan.values.at("p").scales == plan.values.at("a").scales);
  CHECK(plan.values.at("p").zero_points == plan.values.at("a").zero_points);
}

TEST_CASE("an activation function goes with a product only where codes are wanted behind it") {
  const std::string head =
      product("  %m: float32[N,2] = MatMul(%x, %w) @ \"m\"\n  %r: float32[N,2] = Relu(%m) @ \"r\"\n");
  const Plan last = plan_of(graph_of(head + "  output %r: float32[N,2]\n"), "int8-static", kSeen);
  CHECK(precision_of(last, "m") == Precision::Integer);
  CHECK(precision_of(last, "r") == Precision::Float32);
  CHECK(coded(last) == Set{"x"});
  const Plan inner =
      plan_of(graph_of(head + "  %y: float32[N,2] = MatMul(%r, %u) @ \"y\"\n  output %y: float32[N,2]\n"),
              "int8-static", kSeen);
  CHECK(precision_of(inner, "r") == Precision::Integer);
  CHECK(coded(inner) == Set{"x", "r"});
}

TEST_CASE("an activation function goes with a convolution, whose codes leave it in any case") {
  const Plan plan =
      plan_of(graph_of(convolutions("  %r: float32[N,4,2,2] = Relu(%a) @ \"r\"\n  output %r: float32[N,4,2,2]\n")),
              "int8-static", kImages);
  CHECK(precision_of(plan, "r") == Precision::Integer);
  CHECK(coded(plan) == Set{"x", "r"});
  const Plan two =
      plan_of(graph_of(convolutions("  %r: float32[N,4,2,2] = Relu(%a) @ \"r\"\n  output %r: float32[N,4,2,2]\n"
                                    "  output %a: float32[N,4,2,2]\n")),
              "int8-static", kImages);
  CHECK(precision_of(two, "r") == Precision::Float32);  // somebody wants to see what is before it
}

TEST_CASE("constants of sums and factors take the code of activations") {
  const Graph graph =
      graph_of(convolutions("  %s: float32[N,4,2,2] = Mul(%a, %half) @ \"s\"\n"
                            "  %y: float32[N,4,2,2] = Conv(%s, %v) @ \"y\"\n  output %y: float32[N,4,2,2]\n"));
  const QParams factor = operand(plan_of(graph, "int8-static", kImages), "s", 1);
  CHECK(factor.scheme.code == DType::UInt8);
  CHECK(factor.scales.at(0) == Approx(1.0 / 255));
  CHECK(factor.zero_points.at(0) == 0);
}

TEST_CASE("a value that many read has one set of codes") {
  const Graph graph = graph_of(convolutions(
      "  %b: float32[N,4,2,2] = Conv(%a, %v) @ \"b\"\n"
      "  %c: float32[N,8,2,2] = Concat(%a, %b) {axis = 1} @ \"c\"\n" +
      weight("u", {2, 8, 1, 1}, 3) + "  %y: float32[N,2,2,2] = Conv(%c, %u) @ \"y\"\n  output %y: float32[N,2,2,2]\n"));
  const Plan plan = plan_of(graph, "int8-static", kImages);
  CHECK(precision_of(plan, "c") == Precision::Integer);
  CHECK(coded(plan) == Set{"x", "a", "b", "c", "y"});
  CHECK(plan.values.at("c").scales != plan.values.at("b").scales);
  const std::vector<float> met = run(lowered(graph, "int8-static", kImages), kImages)[0];
  CHECK(sqnr(met, run(graph, kImages)[0]) > 28);
}

TEST_CASE("the form of the file is the recipe's") {
  for (const char* form : {"qdq", "qoperator"}) {
    INFO(form);
    const Graph graph = graph_of(convolutions("  output %a: float32[N,4,2,2]\n"));
    const Plan plan = plan_of(graph, fmt::format("int8-static(form={})", form), kImages);
    CHECK(plan.lowering == std::map<std::string, std::string>{{"form", form}});
  }
}
