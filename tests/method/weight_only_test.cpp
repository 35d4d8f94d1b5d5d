// weight-only: blocks, bits and levels as asked; tables of embeddings, alone and tied to a product.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "method/graphs.h"
#include "tensor/transposed.h"

using namespace bw;
using namespace bw::test;

namespace {

Graph products() {
  return graph_of("  input %x: float32[N,64]\n" + weight("w", {64, 8}, 1) + weight("v", {8, 8}, 2) +
                  "  %m: float32[N,8] = MatMul(%x, %w) @ \"m\"\n"
                  "  %y: float32[N,8] = Gemm(%m, %v) {transB = 1} @ \"y\"\n  output %y: float32[N,8]\n");
}

Graph embedding(const Shape& table, const std::string& attributes = "") {
  return graph_of("  input %i: int64[N]\n" + weight("t", table, 1) + weight("w", {table.back(), 4}, 2) +
                  "  %e: float32 = Gather(%t, %i) {" + attributes +
                  "} @ \"e\"\n  %y: float32 = MatMul(%e, %w) @ \"y\"\n" + "  output %y: float32\n");
}

QParams codes(const Plan& plan, const char* node, int position) {
  REQUIRE(plan.nodes.contains(node));
  REQUIRE(plan.nodes.at(node).operands.contains(position));
  return plan.nodes.at(node).operands.at(position);
}

bool is_coded(const Graph& graph, const std::string& recipe, const char* node = "e") {
  return is_changed(plan_of(graph, recipe), node);
}

}  // namespace

TEST_CASE("blocks lie along the reduced axis, of the size and the bits that are asked for") {
  const Graph graph = products();
  for (const int bits : {2, 3, 4, 5, 6, 7, 8})
    for (const int block : {16, 32}) {
      const Plan plan = plan_of(graph, fmt::format("weight-only(bits={},block={})", bits, block));
      for (const auto& [node, axis, scales] : {std::tuple{"m", 0, 64 / block * 8}, {"y", 1, 8}}) {
        const QParams& params = codes(plan, node, 1);
        CHECK(params.scheme == Scheme{.code = bits == 2   ? DType::UInt2
                                              : bits <= 4 ? DType::UInt4
                                                          : DType::UInt8,
                                      .granularity = Granularity::Block,
                                      .axis = axis,
                                      .block_size = block,
                                      .symmetric = true,
                                      .bits = bits == 2 || bits == 4 || bits == 8 ? 0 : bits,
                                      .rounding = Rounding::ReciprocalHalfAway});
        CHECK(params.scales.size() == static_cast<std::size_t>(scales));
        for (const float zero_point : params.zero_points) CHECK(zero_point == 1 << (bits - 1));
      }
    }
  const QParams asymmetric = codes(plan_of(graph, "weight-only(symmetric=no)"), "m", 1);
  CHECK_FALSE(asymmetric.scheme.symmetric);
  CHECK(asymmetric.zero_points.size() == 16);
  CHECK(std::ranges::any_of(asymmetric.zero_points, [](float z) { return z != 8; }));
}

TEST_CASE("a block's scale is of its number of the largest magnitude, which gets the lowest code") {
  std::string list = "-3";
  for (int i = 1; i < 16; ++i) list += ", 1";
  for (int i = 0; i < 16; ++i) list += i == 3 ? ", 4" : ", -1";
  const Graph graph = graph_of("  input %x: float32[N,32]\n  const %w: float32[32,1] = float32[32,1] {" + list +
                               "}\n  %y: float32[N,1] = MatMul(%x, %w) @ \"y\"\n  output %y: float32[N,1]\n");
  CHECK(codes(plan_of(graph, "weight-only(bits=4,block=16)"), "y", 1).scales == std::vector<float>{0.375f, -0.5f});
  CHECK(codes(plan_of(graph, "weight-only(bits=8,block=16)"), "y", 1).scales ==
        std::vector<float>{3.0f / 128, -4.0f / 128});
}

TEST_CASE("the runtime computes with what codes of any width stand for, and each bit makes it closer") {
  const Graph graph = products();
  const Inputs inputs{{"x", numbers({3, 64}, 5)}};
  for (const char* symmetric : {"yes", "no"}) {
    double before = 0;
    for (int bits = 2; bits <= 8; ++bits) {
      CAPTURE(bits, symmetric);
      const Plan plan =
          plan_of(graph, fmt::format("weight-only(bits={},symmetric={},accuracy_level=1)", bits, symmetric));
      const Graph file = built(graph, plan).graph;
      CHECK(std::ranges::count(file.nodes, "MatMulNBits", &Node::op_type) == 2);
      Graph exact = graph;
      for (const auto& [node, weight] : {std::pair{"m", "w"}, {"y", "v"}}) {
        const QParams params = codes(plan, node, 1);
        Tensor& numbers = exact.value(exact.find(weight)).initializer;
        numbers = dequantize(quantize(numbers, params), params);
      }
      CHECK(sqnr(run(file, inputs)[0], run(exact, inputs)[0]) > 110);
      const double met = sqnr(run(file, inputs)[0], run(graph, inputs)[0]);
      CHECK(met > before + 2);
      before = met;
    }
  }
}

TEST_CASE("the accuracy level is the kernel's") {
  for (const auto& [recipe, level] :
       {std::pair{"weight-only", 4}, {"weight-only(accuracy_level=1)", 1}, {"weight-only(accuracy_level=0)", 0}}) {
    const Graph file = lowered(products(), recipe);
    for (const Node& node : file.nodes)
      if (node.op_type == "MatMulNBits") CHECK(node.int_or("accuracy_level", 0) == level);
  }
}

TEST_CASE("tables of embeddings are coded in blocks of their rows") {
  const Plan plan = plan_of(embedding({64, 64}), "weight-only(bits=4)");
  CHECK(codes(plan, "e", 0).scheme == Scheme{.code = DType::UInt4,
                                             .granularity = Granularity::Block,
                                             .axis = 1,
                                             .block_size = 64,
                                             .symmetric = true,
                                             .rounding = Rounding::ReciprocalHalfAway});
  CHECK(codes(plan_of(embedding({64, 64}), "weight-only(bits=8)"), "e", 0).scheme.code == DType::UInt8);
  CHECK(codes(plan_of(embedding({64, 64}), "int8-dynamic"), "e", 0).scheme.code == DType::UInt8);
  CHECK(codes(plan_of(embedding({64, 96}), "weight-only"), "e", 0).scheme.block_size == 64);
  CHECK(codes(plan_of(embedding({16, 512}), "weight-only"), "e", 0).scheme.block_size == 128);
  const Inputs inputs{{"i", Tensor::of<std::int64_t>({3}, {0, 63, 7})}};
  for (const auto& [recipe, least] : {std::pair{"weight-only(bits=8,accuracy_level=1)", 35},
                                      {"int8-dynamic", 30},
                                      {"weight-only(bits=4,accuracy_level=1)", 12}}) {
    INFO(recipe);
    const Graph file = lowered(embedding({64, 64}), recipe);
    CHECK(std::ranges::any_of(file.nodes, [](const Node& n) { return n.op_type == "GatherBlockQuantized"; }));
    CHECK(sqnr(run(file, inputs)[0], run(embedding({64, 64}), inputs)[0]) > least);
  }
}

TEST_CASE("tables that gain nothing, or that no kernel looks up, stay") {
  CHECK(is_coded(embedding({256, 16}), "weight-only"));
  CHECK_FALSE(is_coded(embedding({255, 16}), "weight-only"));  // fewer than 4096 elements
  CHECK_FALSE(is_coded(embedding({1024, 8}), "weight-only"));  // rows shorter than a block
  CHECK_FALSE(is_coded(embedding({256, 17}), "weight-only"));  // half a byte over
  CHECK_FALSE(is_coded(embedding({64, 64}), "weight-only(embeddings=no)"));
  CHECK_FALSE(is_coded(embedding({64, 64}), "int8-dynamic(embeddings=no)"));
  CHECK_FALSE(is_coded(embedding({64, 64}), "weight-only(keep_float=Gather)"));
  CHECK_FALSE(is_coded(embedding({64, 64}, "axis = 1"), "weight-only"));
}

TEST_CASE("a table that is tied to a product has the product's blocks, so that both read one store") {
  const auto tied = [](const std::string& recipe) {
    const Graph graph =
        graph_of("  input %i: int64[N]\n" + weight("t", {64, 64}, 1) +
                 "  %e: float32[N,64] = Gather(%t, %i) @ \"e\"\n"
                 "  %y: float32[N,64] = Gemm(%e, %t) {transB = 1} @ \"y\"\n  output %y: float32[N,64]\n");
    return codes(plan_of(graph, recipe), "e", 0).scheme.block_size;
  };
  CHECK(tied("weight-only(block=32)") == 32);
  CHECK(tied("weight-only(bits=8,block=16)") == 16);
  CHECK(tied("weight-only(block=32,symmetric=no)") == 32);
  CHECK(tied("weight-only(block=128)") == 64);  // longer than its rows
  CHECK(tied("weight-only(block=32,keep_float=Gemm)") == 64);
}

TEST_CASE("what is tied stays tied, whatever its codes become, and is looked up as it is decoded") {
  const Tensor table = numbers({96, 64}, 1, 0.5);
  std::string rows, columns;
  for (std::size_t i = 0; i < table.size(); ++i) {
    rows += fmt::format("{}{}", i ? ", " : "", table.data<float>()[i]);
    columns += fmt::format("{}{}", i ? ", " : "", table.data<float>()[i % 96 * 64 + i / 96]);
  }
  for (const bool turned : {false, true})
    for (const std::string recipe :
         {"weight-only(block=32)", "weight-only(block=32,symmetric=no)", "weight-only(bits=8,block=16,symmetric=no)",
          "weight-only(block=32)+gptq", "weight-only(block=32,symmetric=no)+clip",
          "weight-only(block=16,symmetric=no)+gptq(scales=kept)", "weight-only(block=32)+hqq(zero_points=whole)"}) {
      CAPTURE(turned, recipe);
      const Graph graph =
          graph_of("  input %i: int64[7]\n  const %t: float32[96,64] = float32[96,64] {" + rows + "}\n" +
                   (turned ? "  const %u: float32[64,96] = float32[64,96] {" + columns + "}\n" : std::string()) +
                   "  %e: float32[7,64] = Gather(%t, %i) @ \"e\"\n" +
                   (turned ? "  %y: float32[7,96] = MatMul(%e, %u) @ \"y\"\n"
                           : "  %y: float32[7,96] = Gemm(%e, %t) {transB = 1} @ \"y\"\n") +
                   "  output %y: float32[7,96]\n  output %e: float32[7,64]\n");
      const Inputs inputs{{"i", Tensor::of<std::int64_t>({7}, {0, 95, 7, 33, 34, 60, 12})}};
      const Plan plan = plan_of(graph, recipe, inputs);
      const auto numbers_of = [&](const char* node, int input, const char* constant) {
        const QParams& params = codes(plan, node, input);
        return dequantize(quantize(graph.value(graph.find(constant)).initializer, params), params);
      };
      const Tensor met = numbers_of("e", 0, "t"), product = numbers_of("y", 1, turned ? "u" : "t");
      const std::vector<float> as_table =
          turned ? transposed(std::span<const float>(to_floats(product)), 64, 96) : to_floats(product);
      CHECK(to_floats(met) == as_table);
      const Graph file = built(graph, plan).graph;
      CHECK(run(file, inputs)[1] == to_floats(evaluate(apply(graph, plan), inputs)[1]));
      if (recipe.starts_with("weight-only(block=32)"))  // codes of half a byte, and a scale for each 32 of them
        CHECK(onnx::serialize(file).size() < 96 * 64 / 2 + 96 * 2 * 4 + 2000);
    }
}

namespace {

Graph convolutions() {
  return graph_of("  input %x: float32[1,3,8,8]\n" + weight("w", {40, 3, 3, 3}, 1) + weight("v", {8, 40, 3, 3}, 2) +
                  "  %c: float32[1,40,6,6] = Conv(%x, %w) @ \"c\"\n  %d: float32[1,8,4,4] = Conv(%c, %v) @ \"d\"\n"
                  "  output %d: float32[1,8,4,4]\n");
}

}  // namespace

TEST_CASE("convolutions are stored as codes, in blocks of their channels where there are enough") {
  const Graph graph = convolutions();
  const Inputs inputs{{"x", numbers({1, 3, 8, 8}, 5)}};
  for (const int bits : {2, 3, 4, 8})
    for (const char* symmetric : {"yes", "no"}) {
      CAPTURE(bits, symmetric);
      const Plan plan =
          plan_of(graph, fmt::format("weight-only(bits={},symmetric={},convolutions=yes)", bits, symmetric));
      CHECK(codes(plan, "c", 1).scheme.granularity == Granularity::Channel);
      CHECK(codes(plan, "c", 1).scales.size() == 40);
      CHECK(codes(plan, "d", 1).scheme.granularity == Granularity::Block);
      CHECK(codes(plan, "d", 1).scales.size() == 8 * 2 * 9);
      Graph exact = graph;
      for (const auto& [node, weight] : {std::pair{"c", "w"}, {"d", "v"}}) {
        Tensor& numbers = exact.value(exact.find(weight)).initializer;
        numbers = dequantize(quantize(numbers, codes(plan, node, 1)), codes(plan, node, 1));
      }
      const Graph file = built(graph, plan).graph;
      CHECK(sqnr(run(file, inputs)[0], run(exact, inputs)[0]) > 110);
      CHECK(file.opset() == (bits < 8 ? 21 : 17));
    }
}

TEST_CASE("a scale may serve a channel, or the whole tensor") {
  const Graph graph = products();
  const Inputs inputs{{"x", numbers({3, 64}, 5)}};
  for (const auto& [block, scales] : {std::pair{"channel", 8U}, {"tensor", 1U}})
    for (const int bits : {4, 8}) {
      CAPTURE(block, bits);
      const Plan plan = plan_of(graph, fmt::format("weight-only(bits={},block={})", bits, block));
      CHECK(codes(plan, "m", 1).scales.size() == scales);
      CHECK(codes(plan, "y", 1).scales.size() == scales);
      CHECK(sqnr(run(built(graph, plan).graph, inputs)[0], run(graph, inputs)[0]) > (bits == 4 ? 12 : 35));
    }
}

TEST_CASE("weights that are no numbers are refused by name and index, whatever codes them") {
  for (const char* recipe : {"weight-only", "weight-only(block=channel)", "bnb4(block=32)", "palettize"}) {
    Graph graph = graph_of("  input %x: float32[N,64]\n" + weight("w", {64, 32}, 1) +
                           "  %m: float32[N,32] = MatMul(%x, %w) @ \"m\"\n  output %m: float32[N,32]\n");
    Tensor& numbers = graph.value(graph.find("w")).initializer;
    std::vector<float> stored = to_floats(numbers);
    stored[77] = std::numeric_limits<float>::quiet_NaN();
    numbers = Tensor::of<float>({64, 32}, std::span<const float>(stored));
    std::string said = "nothing";
    try {
      plan_of(graph, recipe);
    } catch (const Error& error) {
      said = error.what();
    }
    CAPTURE(recipe, said);
    CHECK(said.find("'w' has nan at index 77") != std::string::npos);
  }
}
