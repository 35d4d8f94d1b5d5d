// Canonical graphs in the operators of ONNX Runtime: operands laid out as its kernels read them, results unchanged.
#include "target/lower/onnxruntime.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "base/random.h"
#include "graph/evaluate.h"
#include "graph/text.h"
#include "plan/apply_steps.h"
#include "tensor/convert.h"

using namespace bw;
using Numbers = std::vector<std::int64_t>;

namespace {

Graph canonical(const std::string& body) {
  return parse_graph(fmt::format("ir_version 10\nopset \"\" 21\ngraph \"g\" {{\n{}}}\n", body));
}

using Lowering = std::map<std::string, std::string>;

Graph lowered(const Graph& graph, const Lowering& lowering = {}) {
  const Target& target = target_named("cpu");
  const Artifact artifact = target.lower(graph, Arguments(target.name, target.parameters, lowering));
  CHECK(artifact.format == target.format);
  return artifact.graph;
}

// "  const %NAME: TYPE[...] = ..." with whole numbers from low to high.
std::string codes(const char* name, const char* type, const Shape& shape, int low, int high, std::uint64_t seed) {
  Random random(seed);
  std::string list, dims;
  for (const std::int64_t dim : shape) dims += fmt::format("{}{}", dims.empty() ? "" : ",", dim);
  for (std::size_t i = 0; i < element_count(shape); ++i)
    list += fmt::format("{}{}", list.empty() ? "" : ", ",
                        low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1))));
  return fmt::format("  const %{0}: {1}[{2}] = {1}[{2}] {{{3}}}\n", name, type, dims, list);
}

std::string floats(const char* name, const Shape& shape, std::uint64_t seed) {
  return codes(name, "float32", shape, 1, 9, seed);
}

Tensor activation(const Shape& shape) {
  Random random(5);
  return Tensor::fill<float>(shape, [&](std::span<float> out) {
    for (float& x : out) x = static_cast<float>(random.normal());
  });
}

std::vector<std::string> operators(const Graph& graph) {
  std::vector<std::string> all;
  for (const Node& node : graph.nodes) all.push_back(node.op_type);
  return all;
}

const Node& only(const Graph& graph, std::string_view op) {
  REQUIRE(std::ranges::count_if(graph.nodes, [&](const Node& node) { return node.op_type == op; }) == 1);
  return *std::ranges::find_if(graph.nodes, [&](const Node& node) { return node.op_type == op; });
}

Tensor operand(const Graph& graph, const Node& node, std::size_t position) {
  REQUIRE(node.input(position) != kNoValue);
  REQUIRE(graph.is_constant(node.input(position)));
  return graph.value(node.input(position)).initializer;
}

void computes_the_same(const Graph& graph, const Graph& other, const std::map<std::string, Tensor>& inputs) {
  const std::vector<float> wanted = to_floats(evaluate(graph, inputs).front()),
                           met = to_floats(evaluate(other, inputs).front());
  REQUIRE(met.size() == wanted.size());
  for (std::size_t i = 0; i < met.size(); ++i) CHECK(met[i] == Catch::Approx(wanted[i]).epsilon(1e-4).margin(1e-4));
}

using Ops = std::vector<std::string>;

}  // namespace

// --- weights in blocks

TEST_CASE("weights in blocks become MatMulNBits, whichever way they lie") {
  struct Row {
    const char *says, *weight_shape, *scale_shape, *product;
    Shape weight, scale;
    std::int64_t axis;
  };
  const Row rows[] = {
      {"MatMul", "40,6", "3,6", "MatMul(%x, %w)", {40, 6}, {3, 6}, 0},
      {"transposed", "6,40", "6,3", "Gemm(%x, %w) {transB = 1}", {6, 40}, {6, 3}, 1},
  };
  for (const Row& row : rows)
    for (const char* type : {"uint4", "uint8"}) {
      INFO(row.says << " " << type);
      const int highest = std::string_view(type) == "uint4" ? 15 : 255;
      const Graph graph =
          canonical("  input %x: float32[N,40]\n" + codes("q", type, row.weight, 0, highest, 1) +
                    floats("s", row.scale, 2) + codes("z", type, row.scale, 0, highest, 3) +
                    fmt::format("  %w: float32[{}] = DequantizeLinear(%q, %s, %z) {{axis = {}, block_size = 16}}\n"
                                "  %y: float32[N,6] = {}\n  output %y: float32[N,6]\n",
                                row.weight_shape, row.axis, row.product));
      const Graph other = lowered(graph);
      CHECK(operators(other) == Ops{"MatMulNBits"});
      const Node& node = only(other, "MatMulNBits");
      CHECK(node.domain == "com.microsoft");
      CHECK(other.opset("com.microsoft") == 1);
      CHECK(node.int_or("K", 0) == 40);
      CHECK(node.int_or("N", 0) == 6);
      CHECK(node.int_or("block_size", 0) == 16);
      CHECK(node.int_or("bits", 0) == (highest == 15 ? 4 : 8));
      CHECK(operand(other, node, 1).shape() == Shape{6, 3, highest == 15 ? 8 : 16});
      CHECK(operand(other, node, 2).shape() == Shape{18});
      computes_the_same(graph, other, {{"x", activation({3, 40})}});
    }
}

TEST_CASE("4-bit codes lie two in a byte, the first one low, with zeros behind the last row") {
  std::string list = "1, 2";
  for (int i = 2; i < 18; ++i) list += ", 3";
  const Graph graph =
      lowered(canonical("  input %x: float32[N,18]\n  const %q: uint4[18,1] = uint4[18,1] {" + list +
                        "}\n  const %s: float32[2,1] = float32[2,1] {0.5, 0.25}\n"
                        "  const %z: uint4[2,1] = uint4[2,1] {8, 9}\n"
                        "  %w: float32[18,1] = DequantizeLinear(%q, %s, %z) {axis = 0, block_size = 16}\n"
                        "  %y: float32[N,1] = MatMul(%x, %w)\n  output %y: float32[N,1]\n"));
  const Node& node = only(graph, "MatMulNBits");
  CHECK(to_int64s(operand(graph, node, 1)) ==
        Numbers{0x21, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0, 0, 0, 0, 0, 0, 0});
  CHECK(to_floats(operand(graph, node, 2)) == std::vector<float>{0.5f, 0.25f});
  CHECK(to_int64s(operand(graph, node, 3)) == Numbers{0x98});
}

namespace {

// A product with a weight of 8-bit codes in blocks; %b and %c stand for biases.
Graph in_blocks(const std::string& product, const std::string& zero_points, const std::string& type = "uint8") {
  return canonical("  input %x: float32[N,32]\n  input %c: float32[N,4]\n" +
                   codes("q", type.c_str(), {32, 4}, 0, 100, 1) + floats("s", {2, 4}, 2) + floats("b", {4}, 4) +
                   zero_points +
                   "  %w: float32[32,4] = DequantizeLinear(%q, %s, %z) {axis = 0, block_size = 16}\n"
                   "  %y: float32[N,4] = " +
                   product + "\n  output %y: float32[N,4]\n");
}

const std::string kOwn = codes("z", "uint8", {2, 4}, 1, 9, 3);
const std::string kMiddle = codes("z", "uint8", {2, 4}, 128, 128, 3);

}  // namespace

TEST_CASE("zero points in the middle are left out, others are not") {
  for (const auto& [zero_points, inputs] : {std::pair{kOwn, 4u}, {kMiddle, 3u}}) {
    const Graph graph = in_blocks("MatMul(%x, %w)", zero_points), other = lowered(graph);
    CHECK(only(other, "MatMulNBits").inputs.size() == inputs);
    computes_the_same(graph, other, {{"x", activation({2, 32})}, {"c", activation({2, 4})}});
  }
}

TEST_CASE("a bias that is a vector goes into MatMulNBits, another one is added") {
  const std::map<std::string, Tensor> inputs{{"x", activation({2, 32})}, {"c", activation({2, 4})}};
  const Graph vector = in_blocks("Gemm(%x, %w, %b)", kMiddle), fused = lowered(vector);
  CHECK(operators(fused) == Ops{"MatMulNBits"});
  const Node& node = only(fused, "MatMulNBits");
  REQUIRE(node.inputs.size() == 6);
  CHECK(fused.value(node.input(5)).name == "b");
  computes_the_same(vector, fused, inputs);
  const Graph computed = in_blocks("Gemm(%x, %w, %c)", kMiddle), apart = lowered(computed);
  CHECK(operators(apart) == Ops{"MatMulNBits", "Add"});
  computes_the_same(computed, apart, inputs);
}

TEST_CASE("the accuracy level is the node's, and 0 is none") {
  const Graph graph = in_blocks("MatMul(%x, %w)", kMiddle);
  for (const int level : {1, 4})
    CHECK(
        only(lowered(graph, {{"accuracy_level", std::to_string(level)}}), "MatMulNBits").int_or("accuracy_level", -1) ==
        level);
  CHECK(only(lowered(graph, {}), "MatMulNBits").find("accuracy_level") == nullptr);
}

TEST_CASE("codes that no kernel reads are decoded while the runtime loads, which it does not do for DequantizeLinear") {
  const auto left = [](const Graph& graph, std::int64_t inner = 16) {
    const Graph other = lowered(graph);
    computes_the_same(graph, other, {{"x", activation({3, inner})}, {"c", activation({3, 4})}});
    const Ops all = operators(other);
    return std::ranges::find(all, "MatMulNBits") == all.end() &&
           std::ranges::find(all, "DequantizeLinear") == all.end();
  };
  CHECK(left(in_blocks("MatMul(%x, %w)", codes("z", "int8", {2, 4}, 0, 0, 3), "int8"), 32));
  CHECK(left(in_blocks("MatMul(%x, %w)", codes("z", "int8", {2, 4}, 1, 7, 3), "int8"), 32));
  CHECK(left(canonical("  input %x: float32[N,16]\n" + codes("q", "uint8", {16, 4}, 0, 9, 1) + floats("s", {2, 4}, 2) +
                       "  %w: float32[16,4] = DequantizeLinear(%q, %s) {axis = 0, block_size = 8}\n"
                       "  %y: float32[N,4] = MatMul(%x, %w)\n  output %y: float32[N,4]\n")));
  CHECK(
      left(canonical("  input %x: float32[N,16]\n" + codes("q", "uint8", {16, 32}, 0, 9, 1) + floats("s", {16, 2}, 2) +
                     "  %w: float32[16,32] = DequantizeLinear(%q, %s) {axis = 1, block_size = 16}\n"  // not along K
                     "  %y: float32[N,32] = MatMul(%x, %w)\n  output %y: float32[N,32]\n")));
  const Graph other =
      canonical("  input %x: float32[16,N]\n" + codes("q", "uint8", {16, 4}, 0, 9, 1) + floats("s", {1, 4}, 2) +
                "  %w: float32[16,4] = DequantizeLinear(%q, %s) {axis = 0, block_size = 16}\n"
                "  %y: float32[N,4] = Gemm(%x, %w) {transA = 1}\n  output %y: float32[N,4]\n");
  CHECK(operators(lowered(other)) == operators(other));  // no product that anybody codes
}

TEST_CASE("a table in blocks is looked up as codes") {
  const Graph graph = lowered(canonical(
      "  input %i: int64[N]\n  const %q: uint4[2,4] = uint4[2,4] {1, 2, 3, 4, 15, 0, 8, 9}\n" + floats("s", {2, 2}, 2) +
      "  const %z: uint4[2,2] = uint4[2,2] {8, 8, 8, 8}\n"
      "  %t: float32[2,4] = DequantizeLinear(%q, %s, %z) {axis = 1, block_size = 2}\n"
      "  %y: float32[N,4] = Gather(%t, %i)\n  output %y: float32[N,4]\n"));
  CHECK(operators(graph) == Ops{"GatherBlockQuantized"});
  const Node& node = only(graph, "GatherBlockQuantized");
  CHECK(node.domain == "com.microsoft");
  CHECK(operand(graph, node, 0).shape() == Shape{2, 2});
  CHECK(to_int64s(operand(graph, node, 0)) == Numbers{0x21, 0x43, 0x0f, 0x98});
  CHECK(graph.value(node.input(1)).name == "i");
  CHECK(operand(graph, node, 2).shape() == Shape{2, 2});
  CHECK(node.int_or("bits", 0) == 4);
  CHECK(node.int_or("block_size", 0) == 2);
  CHECK(node.int_or("gather_axis", -1) == 0);
  CHECK(node.int_or("quantize_axis", -1) == 1);
}

TEST_CASE("a table that is coded as a whole is decoded as a whole") {
  const Graph graph = canonical("  input %i: int64[N]\n" + codes("q", "uint8", {2, 4}, 0, 9, 1) +
                                "  const %s: float32[] = float32[] {2}\n  %t: float32[2,4] = DequantizeLinear(%q, %s)\n"
                                "  %y: float32[N,4] = Gather(%t, %i)\n  output %y: float32[N,4]\n");
  CHECK(operators(lowered(graph)) == operators(graph));
}

// --- quantized while running

namespace {

// %y of %x, whose codes are found while running, and the int8 codes %q with one scale for each column of the product.
Graph dynamic(const std::string& product, const Shape& weight, std::int64_t axis) {
  return canonical(
      "  input %x: float32[N,6]\n  input %c: float32[N,5]\n" + codes("q", "int8", weight, -9, 9, 1) +
      floats("s", {5}, 2) + codes("z", "int8", {5}, 0, 0, 3) + floats("b", {5}, 4) +
      fmt::format("  %w: float32[{},{}] = DequantizeLinear(%q, %s, %z) {{axis = {}}}\n", weight[0], weight[1], axis) +
      "  %xq: uint8[N,6], %xs: float32[], %xz: uint8[] = DynamicQuantizeLinear(%x)\n"
      "  %xd: float32[N,6] = DequantizeLinear(%xq, %xs, %xz)\n  %y: float32[N,5] = " +
      product + "\n  output %y: float32[N,5]\n");
}

}  // namespace

TEST_CASE("a product of codes that are found while running becomes MatMulInteger") {
  struct Row {
    const char* product;
    Shape weight;
    std::int64_t axis;
    bool biased;
  };
  for (const Row& row : {Row{"MatMul(%xd, %w)", {6, 5}, 1, false}, Row{"Gemm(%xd, %w)", {6, 5}, 1, false},
                         Row{"Gemm(%xd, %w, %b)", {6, 5}, 1, true}, Row{"Gemm(%xd, %w, %c)", {6, 5}, 1, true},
                         Row{"Gemm(%xd, %w, %b) {transB = 1}", {5, 6}, 0, true}}) {
    INFO(row.product);
    const Graph graph = dynamic(row.product, row.weight, row.axis), other = lowered(graph);
    Ops wanted{"DynamicQuantizeLinear", "MatMulInteger", "Cast", "Mul", "Mul"};
    if (row.biased) wanted.emplace_back("Add");
    Ops met = operators(other);
    std::ranges::sort(wanted);
    std::ranges::sort(met);
    CHECK(met == wanted);
    CHECK(operand(other, only(other, "MatMulInteger"), 1).shape() == Shape{6, 5});
    CHECK(only(other, "Cast").int_or("to", 0) == static_cast<int>(DType::Float32));
    computes_the_same(graph, other, {{"x", activation({3, 6})}, {"c", activation({3, 5})}});
  }
}

TEST_CASE("a product with a weight in blocks is none that MatMulInteger computes") {
  const Graph graph =
      canonical("  input %x: float32[N,32]\n" + codes("q", "int8", {32, 5}, -9, 9, 1) + floats("s", {2, 5}, 2) +
                "  %w: float32[32,5] = DequantizeLinear(%q, %s) {axis = 0, block_size = 16}\n"
                "  %xq: uint8[N,32], %xs: float32[], %xz: uint8[] = DynamicQuantizeLinear(%x)\n"
                "  %xd: float32[N,32] = DequantizeLinear(%xq, %xs, %xz)\n  %y: float32[N,5] = MatMul(%xd, %w)\n"
                "  output %y: float32[N,5]\n");
  CHECK(operators(lowered(graph)) == operators(graph));
}

TEST_CASE("a product with its activation in floats is none of codes") {
  const Ops all = operators(lowered(dynamic("MatMul(%x, %w)", {6, 5}, 1)));
  CHECK(std::ranges::find(all, "MatMulInteger") == all.end());
  CHECK(all.back() == "MatMul");
}

// --- LSTM

namespace {

// One direction, one unit (four rows), two inputs. The weights are coded for each row, or as a whole.
Graph lstm(bool by_row, std::vector<std::pair<std::string, std::string>> metadata) {
  const auto decoded = [&](const char* out, const char* in, const char* shape, int width) {
    return by_row ? fmt::format("  %{}: float32[1,4,{}] = DequantizeLinear(%{}, %{}) {{axis = 2, block_size = {}}}\n",
                                out, width, in, shape, width)
                  : fmt::format("  %{}: float32[1,4,{}] = DequantizeLinear(%{}, %one)\n", out, width, in);
  };
  Graph graph = canonical(
      "  input %x: float32[S,N,2]\n  const %wq: int8[1,4,2] = int8[1,4,2] {1, 2, 3, 4, 5, 6, 7, 8}\n"
      "  const %rq: int8[1,4,1] = int8[1,4,1] {-1, -2, -3, -4}\n  const %one: float32[] = float32[] {0.125}\n"
      "  const %ws: float32[1,4,1] = float32[1,4,1] {1, 2, 3, 4}\n"
      "  const %rs: float32[1,4,1] = float32[1,4,1] {5, 6, 7, 8}\n" +
      floats("b", {1, 8}, 3) + decoded("w", "wq", "ws", 2) + decoded("r", "rq", "rs", 1) +
      "  %y: float32[S,1,N,1], %h: float32[1,N,1] = LSTM(%x, %w, %r, %b) {hidden_size = 1} @ \"lstm\"\n"
      "  output %y: float32[S,1,N,1]\n  output %h: float32[1,N,1]\n");
  graph.node(graph.find_node("lstm")).metadata = std::move(metadata);
  return graph;
}

const std::pair<std::string, std::string> kDynamic{kPrecisionKey, "dynamic"};

}  // namespace

TEST_CASE("a dynamic LSTM gets its weights turned, with the scales of their rows") {
  const Graph graph = lowered(lstm(true, {kDynamic}));
  CHECK(operators(graph) == Ops{"DynamicQuantizeLSTM"});
  const Node& node = only(graph, "DynamicQuantizeLSTM");
  CHECK(node.domain == "com.microsoft");
  CHECK(node.int_or("hidden_size", 0) == 1);
  REQUIRE(node.inputs.size() == 12);
  CHECK(operand(graph, node, 1).shape() == Shape{1, 2, 4});
  CHECK(to_int64s(operand(graph, node, 1)) == Numbers{1, 3, 5, 7, 2, 4, 6, 8});
  CHECK(operand(graph, node, 2).shape() == Shape{1, 1, 4});
  CHECK(graph.value(node.input(3)).name == "b");
  for (const std::size_t left_out : {4u, 5u, 6u, 7u}) CHECK(node.input(left_out) == kNoValue);
  CHECK(operand(graph, node, 8).shape() == Shape{1, 4});
  CHECK(to_floats(operand(graph, node, 8)) == std::vector<float>{1, 2, 3, 4});
  CHECK(to_int64s(operand(graph, node, 9)) == Numbers{0, 0, 0, 0});
  CHECK(to_floats(operand(graph, node, 10)) == std::vector<float>{5, 6, 7, 8});
  CHECK(operand(graph, node, 11).dtype() == DType::Int8);
  CHECK(graph.value(graph.outputs[0]).name == "y");
  CHECK(graph.value(graph.outputs[1]).name == "h");
}

TEST_CASE("one scale for a whole weight of an LSTM is one for each direction") {
  const Graph graph = lowered(lstm(false, {{"other", "note"}, kDynamic}));
  const Node& node = only(graph, "DynamicQuantizeLSTM");
  CHECK(operand(graph, node, 8).shape() == Shape{1});
  CHECK(to_floats(operand(graph, node, 8)) == std::vector<float>{0.125f});
}

TEST_CASE("scales of the directions of an LSTM stay as they are") {
  Graph graph = canonical(
      "  input %x: float32[S,N,1]\n" + codes("wq", "int8", {2, 4, 1}, -9, 9, 1) +
      codes("rq", "int8", {2, 4, 1}, -9, 9, 2) +
      "  const %s: float32[2] = float32[2] {0.5, 0.25}\n"
      "  %w: float32[2,4,1] = DequantizeLinear(%wq, %s) {axis = 0}\n"
      "  %r: float32[2,4,1] = DequantizeLinear(%rq, %s) {axis = 0}\n"
      "  %y: float32[S,2,N,1] = LSTM(%x, %w, %r) {hidden_size = 1, direction = \"bidirectional\"} @ \"lstm\"\n"
      "  output %y: float32[S,2,N,1]\n");
  graph.node(graph.find_node("lstm")).metadata = {kDynamic};
  const Graph other = lowered(graph);
  const Node& node = only(other, "DynamicQuantizeLSTM");
  CHECK(to_floats(operand(other, node, 8)) == std::vector<float>{0.5f, 0.25f});
  CHECK(operand(other, node, 1).shape() == Shape{2, 1, 4});
}

TEST_CASE("metadata that another exporter wrote makes no LSTM dynamic") {
  for (const auto& metadata : std::vector<std::vector<std::pair<std::string, std::string>>>{
           {}, {{"namespace", "/encoder/rnn"}, {"pkg.torch.onnx.name_scopes", "['', 'encoder']"}}}) {
    const Graph graph = lstm(true, metadata);
    CHECK(operators(lowered(graph)) == operators(graph));
  }
}

// --- QLinear operators

namespace {

const Lowering kQOperator{{"form", "qoperator"}};

// %x [1,2,4,4] as codes, an operator in the middle that gives %v, and %v as codes and back.
Graph island(const std::string& nodes, const char* shape = "1,2,4,4") {
  struct Row {
    const char *name, *text;
  };
  std::string weights;
  for (const Row& row : {Row{"%w", "  %w: float32[2,2,1,1] = DequantizeLinear(%wq, %ws)\n"},
                         Row{"%m", "  %m: float32[4,4] = DequantizeLinear(%mq, %ws)\n"},
                         Row{"%b", "  %b: float32[2] = DequantizeLinear(%bq, %bs)\n"},
                         Row{"%vb", "  %vb: float32[4] = DequantizeLinear(%vq, %bs)\n"}})
    if (nodes.find(row.name) != nodes.npos) weights += row.text;
  return canonical(
      "  input %x: float32[1,2,4,4]\n  const %s: float32[] = float32[] {0.5}\n  const %z: uint8[] = uint8[] {100}\n"
      "  const %t: float32[] = float32[] {0.25}\n  const %u: uint8[] = uint8[] {7}\n"
      "  const %ws: float32[] = float32[] {0.1}\n  const %bs: float32[] = float32[] {0.05}\n" +
      codes("wq", "int8", {2, 2, 1, 1}, -9, 9, 1) + codes("mq", "int8", {4, 4}, -9, 9, 2) +
      codes("bq", "int32", {2}, -90, 90, 3) + codes("vq", "int32", {4}, -90, 90, 4) + weights +
      "  %q: uint8[1,2,4,4] = QuantizeLinear(%x, %s, %z)\n  %d: float32[1,2,4,4] = DequantizeLinear(%q, %s, %z)\n" +
      nodes +
      fmt::format("  %e: uint8[{0}] = QuantizeLinear(%v, %t, %u)\n  %y: float32[{0}] = DequantizeLinear(%e, %t, %u)\n"
                  "  output %y: float32[{0}]\n",
                  shape));
}

std::vector<std::string> input_names(const Graph& graph, const Node& node) {
  std::vector<std::string> names;
  for (const ValueId id : node.inputs) names.push_back(id == kNoValue ? "" : graph.value(id).name);
  return names;
}

}  // namespace

TEST_CASE("a convolution between codes becomes QLinearConv, with its Relu") {
  for (const char* end : {"  %v: float32[1,2,4,4] = Conv(%d, %w, %b)\n",
                          "  %c: float32[1,2,4,4] = Conv(%d, %w)\n  %v: float32[1,2,4,4] = Relu(%c)\n"}) {
    const Graph graph = island(end), other = lowered(graph, kQOperator);
    CHECK(operators(other) == Ops{"QuantizeLinear", "QLinearConv", "DequantizeLinear"});
    std::vector<std::string> names{"q", "s", "z", "wq", "ws", "", "t", "u"};
    if (std::string_view(end).find("%b") != std::string_view::npos) {
      names.emplace_back("bq");
      computes_the_same(graph, other, {{"x", activation({1, 2, 4, 4})}});
    }
    CHECK(input_names(other, only(other, "QLinearConv")) == names);
  }
}

TEST_CASE("other operators between codes get theirs") {
  struct Row {
    const char *nodes, *becomes, *domain;
    std::vector<std::string> inputs;
    const char* shape = "1,2,4,4";
  };
  for (const Row& row : {
           Row{"  %v: float32[1,2,4,4] = MatMul(%d, %m)\n",
               "QLinearMatMul",
               "",
               {"q", "s", "z", "mq", "ws", "", "t", "u"}},
           Row{"  %v: float32[1,2,4,4] = Add(%d, %d)\n",
               "QLinearAdd",
               "com.microsoft",
               {"q", "s", "z", "q", "s", "z", "t", "u"}},
           Row{"  %v: float32[1,4,4,4] = Concat(%d, %d) {axis = 1}\n",
               "QLinearConcat",
               "com.microsoft",
               {"t", "u", "q", "s", "z", "q", "s", "z"},
               "1,4,4,4"},
           Row{"  %v: float32[1,2,4,4] = Sigmoid(%d)\n", "QLinearSigmoid", "com.microsoft", {"q", "s", "z", "t", "u"}},
           Row{"  %v: float32[1,4,4,2] = Transpose(%d) {perm = ints [0, 3, 2, 1]}\n",
               "Transpose",
               "",
               {"q"},
               "1,4,4,2"},
       }) {
    INFO(row.becomes);
    const Graph other = lowered(island(row.nodes, row.shape), kQOperator);
    CHECK(operators(other) == Ops{"QuantizeLinear", row.becomes, "DequantizeLinear"});
    const Node& node = only(other, row.becomes);
    CHECK(node.domain == row.domain);
    CHECK(input_names(other, node) == row.inputs);
    if (node.is("Transpose")) CHECK(node.ints_or("perm", {}) == Numbers{0, 3, 2, 1});
    if (node.op_type == "QLinearConcat") CHECK(node.int_or("axis", 0) == 1);
  }
}

TEST_CASE("Gemm becomes QGemm without its beta, with a bias or none") {
  const std::string flat =
      "  const %two: int64[2] = int64[2] {8, 4}\n  %f: float32[8,4] = Reshape(%d, %two)\n"
      "  %fq: uint8[8,4] = QuantizeLinear(%f, %s, %z)\n  %fd: float32[8,4] = DequantizeLinear(%fq, %s, %z)\n";
  const Graph biased =
      lowered(island(flat + "  %v: float32[8,4] = Gemm(%fd, %m, %vb) {beta = 1f, alpha = 0.5f}\n", "8,4"), kQOperator);
  const Node& with = only(biased, "QGemm");
  CHECK(with.domain == "com.microsoft");
  CHECK(with.find("beta") == nullptr);
  CHECK(with.float_or("alpha", 0) == 0.5f);
  const std::vector<std::string> names = input_names(biased, with);
  CHECK(std::vector(names.begin() + 1, names.end()) ==
        std::vector<std::string>{"s", "z", "mq", "ws", "", "vq", "t", "u"});
  const Graph plain = lowered(island(flat + "  %v: float32[8,4] = Gemm(%fd, %m)\n", "8,4"), kQOperator);
  CHECK(only(plain, "QGemm").inputs.size() == 9);
  CHECK(only(plain, "QGemm").input(6) == kNoValue);
}

TEST_CASE("what has no operator on codes keeps its floats, and so does what others read too") {
  const Graph tanh = island("  %v: float32[1,2,4,4] = Tanh(%d)\n");
  CHECK(operators(lowered(tanh, kQOperator)) == operators(tanh));
  const Graph seen = island(
      "  %v: float32[1,2,4,4] = Sigmoid(%d)\n  %n: float32[1,2,4,4] = Neg(%v)\n"
      "  output %n: float32[1,2,4,4]\n");
  CHECK(operators(lowered(seen, kQOperator)) == operators(seen));
}

TEST_CASE("the Q/DQ form leaves islands as they are") {
  const Graph graph = island("  %v: float32[1,2,4,4] = Conv(%d, %w, %b)\n");
  CHECK(operators(lowered(graph)) == operators(graph));
}

// --- numbers that stand twice

TEST_CASE("numbers that stand twice are stored once, also transposed, save where a kernel packs them") {
  const std::string table = codes("t", "uint8", {32, 64}, 0, 255, 1);
  Random random(1);
  std::vector<std::int64_t> numbers(32 * 64), turned(numbers.size());
  for (std::int64_t& x : numbers) x = static_cast<std::int64_t>(random.below(256));
  std::string list;
  for (std::int64_t c = 0; c < 64; ++c)
    for (std::int64_t r = 0; r < 32; ++r)
      list += fmt::format("{}{}", list.empty() ? "" : ", ", numbers[static_cast<std::size_t>(r * 64 + c)]);
  const Graph graph =
      lowered(canonical("  input %x: uint8[N,32]\n  input %w: uint8[N,64]\n" + table +
                        "  const %u: uint8[64,32] = uint8[64,32] {" + list +
                        "}\n  %a: int32[N,64] = MatMulInteger(%x, %t)\n  %b: int32[N,32] = MatMulInteger(%w, %u)\n"
                        "  output %a: int32[N,64]\n  output %b: int32[N,32]\n"));
  CHECK(operators(graph) == Ops{"MatMulInteger", "Transpose", "MatMulInteger"});
  // The same bytes before a kernel that packs them: it keeps its constant, the other is made of it.
  const Graph packed = lowered(canonical(
      "  input %i: uint8[N,64]\n  input %x: float32[N,32]\n" + codes("u", "uint8", {64, 32}, 0, 255, 1) +
      codes("q", "uint8", {64, 32}, 0, 255, 1) + floats("s", {64, 2}, 2) +
      "  %a: int32[N,32] = MatMulInteger(%i, %u)\n"
      "  %w: float32[64,32] = DequantizeLinear(%q, %s) {axis = 1, block_size = 16}\n"
      "  %b: float32[N,64] = Gemm(%x, %w) {transB = 1}\n  output %a: int32[N,32]\n  output %b: float32[N,64]\n"));
  CHECK(packed.is_constant(only(packed, "MatMulNBits").input(1)));
  CHECK_FALSE(packed.is_constant(only(packed, "MatMulInteger").input(1)));
}

// --- what a plan says

namespace {

std::string refused(const Graph& graph, const Plan& plan) {
  try {
    built(graph, plan);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Quantization);
    return error.message();
  }
  return "built";
}

}  // namespace

TEST_CASE("a plan is built for its own target, with its own parameters of lowering") {
  const Graph graph = in_blocks("MatMul(%x, %w)", kMiddle);
  Plan plan;
  plan.target = "onnxruntime-cpu";
  plan.lowering = {{"accuracy_level", "4"}};
  CHECK(only(built(graph, plan).graph, "MatMulNBits").int_or("accuracy_level", -1) == 4);
  plan.lowering = {{"accuracy_level", "9"}};
  CHECK(refused(graph, plan).find("accuracy_level") != std::string::npos);
  plan.lowering = {{"colour", "red"}};
  CHECK(refused(graph, plan).find("colour") != std::string::npos);
  plan.lowering = {};
  plan.target = "toaster";
  CHECK(refused(graph, plan).find("there is no target 'toaster'") != std::string::npos);
}
