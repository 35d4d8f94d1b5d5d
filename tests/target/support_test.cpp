// What a target says of its kernels.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>

#include <string>

#include "base/error.h"
#include "graph/text.h"
#include "target/target.h"

using namespace bw;

namespace {

const OperatorSupport& support(const char* op, const char* domain = "") {
  Node node;
  node.op_type = op;
  node.domain = domain;
  return target_named("cpu").support(node);
}

}  // namespace

TEST_CASE("kernels for integers are those that the runtime fuses") {
  for (const char* op : {"Conv", "MatMul", "Gemm"}) CHECK(support(op).integer == IntegerKernel::Weighted);
  for (const char* op : {"Add", "Mul", "AveragePool", "GlobalAveragePool", "LeakyRelu", "Sigmoid", "Concat"})
    CHECK(support(op).integer == IntegerKernel::Arithmetic);
  for (const char* op : {"MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Split",
                         "Resize", "DepthToSpace"})
    CHECK(support(op).integer == IntegerKernel::Move);
  for (const char* op : {"Relu", "Clip"}) CHECK(support(op).integer == IntegerKernel::Absorbed);
  for (const char* op : {"ConvTranspose", "Sub", "Div", "Tanh", "LayerNormalization", "LSTM", "Gather"})
    CHECK(support(op).integer == IntegerKernel::None);
}

TEST_CASE("products may give float, convolutions may not") {
  CHECK(support("MatMul").float_output);
  CHECK(support("Gemm").float_output);
  CHECK_FALSE(support("Conv").float_output);
  for (const char* op : {"MatMul", "Gemm", "LSTM", "GRU"}) CHECK(support(op).dynamic);
  CHECK_FALSE(support("Conv").dynamic);
  CHECK_FALSE(support("LSTM").weight_only);
  CHECK(support("Gather").embedding);
}

TEST_CASE("another domain's operator of the same name has no kernels") {
  CHECK(support("MatMul", "com.example").integer == IntegerKernel::None);
  CHECK_FALSE(support("MatMul", "com.example").dynamic);
}

namespace {

// Why the kernels of the target do not take the one node called "n".
std::string obstacle(const std::string& before, const std::string& node) {
  const Graph graph = parse_graph(R"(ir_version 8
opset "" 17
graph "g" {
  input %x: float32[2,4]
  input %z: float32[5,N,4]
  const %m: float32[4,2] = float32[4,2] {1,2,3,4,5,6,7,8}
  const %l: float32[2,2] = float32[2,2] {1,2,3,4}
  const %nothing: float32[4,0] = float32[4,0] {}
  const %d: float64[4,2] = float64[4,2] {1,2,3,4,5,6,7,8}
  const %k: float32[1,1,1] = float32[1,1,1] {1}
  const %w: float32[1,4,4] = float32[1,4,4] {1,2,3,4,5,6,7,8,1,2,3,4,5,6,7,8}
  const %r: float32[1,4,1] = float32[1,4,1] {1,2,3,4}
  const %p: float32[1,3] = float32[1,3] {1,2,3}
)" + before + "  %y: float32 = " + node +
                                  " @ \"n\"\n  output %y: float32\n}\n");
  return target_named("cpu").obstacle(graph, graph.node(graph.find_node("n")));
}

}  // namespace

TEST_CASE("products are taken whose weight is a constant matrix, and whose activation is not transposed") {
  CHECK(obstacle("", "MatMul(%x, %m)").empty());
  CHECK(obstacle("", "Gemm(%x, %m) {transB = 0}").empty());
  CHECK(obstacle("", "Gemm(%x, %l) {transA = 1}") == "it transposes its activation (transA)");
  CHECK(obstacle("", "MatMul(%x, %nothing)") == "the weight is empty");
  CHECK(obstacle("  %c: float64[2,4] = Cast(%x) {to = 11}\n", "MatMul(%c, %d)") == "the weight is float64");
  CHECK(obstacle("", "MatMul(%l, %x)") == "its constant stands on the left, where kernels take activations only");
  CHECK(obstacle("  %t: float32[4,2] = Transpose(%x)\n", "MatMul(%x, %t)") == "both operands are activations");
}

TEST_CASE("convolutions are taken whose weight is a constant, and what has no weight is not") {
  CHECK(obstacle("  const %s: int64[3] = int64[3] {2,1,4}\n  %q: float32[2,1,4] = Reshape(%x, %s)\n", "Conv(%q, %k)")
            .empty());
  CHECK(obstacle("", "Conv(%z, %z)") == "the weight is computed");
  CHECK(obstacle("", "Relu(%x)") == "it has no weight");
}

TEST_CASE("LSTMs are taken that the dynamic kernel computes") {
  CHECK(obstacle("", "LSTM(%z, %w, %r) {hidden_size = 1}").empty());
  CHECK(obstacle("  %v: float32[1,4,4] = Identity(%w)\n", "LSTM(%z, %v, %r) {hidden_size = 1}") ==
        "its weights are not constant");
  CHECK(obstacle("", "LSTM(%z, %w, %r, _, _, _, _, %p) {hidden_size = 1}") == "peepholes have no integer kernel");
  for (const char* attribute :
       {"clip = 3f", "activations = strings [\"Sigmoid\", \"Tanh\", \"Relu\"]", "layout = 1", "input_forget = 1"})
    CHECK(obstacle("", std::string("LSTM(%z, %w, %r) {hidden_size = 1, ") + attribute + "}") ==
          "its attributes have no integer kernel");
}

TEST_CASE("GRUs are taken whose hidden size makes integer products the faster ones") {
  const auto obstacle_of = [](std::int64_t hidden, const std::string& operands = "") {
    Graph graph = parse_graph(fmt::format(
        "ir_version 8\nopset \"\" 17\ngraph \"g\" {{\n  input %x: float32[S,N,4]\n  input %lengths: int32[N]\n"
        "  const %w: float32[1] = float32[1] {{0}}\n  const %r: float32[1] = float32[1] {{0}}\n"
        "  const %b: float32[1,7] = float32[1,7] {{1,2,3,4,5,6,7}}\n  %v: float32[1,12,4] = Identity(%w)\n"
        "  %y: float32 = GRU(%x, {}) @ \"n\"\n  output %y: float32\n}}\n",
        operands.empty() ? "%w, %r" : operands));
    for (const auto& [name, width] : {std::pair<const char*, std::int64_t>{"w", 4}, {"r", hidden}}) {
      Value& value = graph.value(graph.find(name));
      value.initializer = Tensor::make(DType::Float32, {1, 3 * hidden, width}, [](std::span<std::byte>) {});
      value.type = ValueType::tensor(DType::Float32, value.initializer.shape());
    }
    return target_named("cpu").obstacle(graph, graph.node(graph.find_node("n")));
  };
  CHECK(obstacle_of(384).empty());
  CHECK(obstacle_of(383) == "with a hidden size of 383 its float kernel is the faster one (below 384)");
  CHECK(obstacle_of(384, "%v, %r") == "its weights are not constant");
  CHECK(obstacle_of(384, "%w, %v") == "its weights are not constant");
  CHECK(obstacle_of(384, "%w, %r, %b") == "its bias does not have the shape of a GRU's");
  CHECK(obstacle_of(384, "%w, %r, _, %lengths") == "lengths of sequences have no integer form");
}

TEST_CASE("a product and a row added to it become one node, of floats where the dimensions are known") {
  const Graph graph = parse_graph(R"(ir_version 8
opset "" 17
graph "g" {
  input %x: float32[N,4]
  input %z: float32[5,N,4]
  input %k: float32[5,3,4]
  const %m: float32[4,2] = float32[4,2] {1,2,3,4,5,6,7,8}
  const %row: float32[2] = float32[2] {1,2}
  const %one: float32[1] = float32[1] {1}
  const %matrix: float32[1,2] = float32[1,2] {1,2}
  %a: float32[N,2] = MatMul(%x, %m) @ "matrix"
  %b: float32[5,N,2] = MatMul(%z, %m) @ "open"
  %c: float32[5,3,2] = MatMul(%k, %m) @ "known"
  %d: float32[N,2] = Gemm(%x, %m) @ "gemm"
  output %a: float32[N,2]
  output %b: float32[5,N,2]
  output %c: float32[5,3,2]
  output %d: float32[N,2]
}
)");
  const Target& target = target_named("cpu");
  const auto node = [&](const char* name) { return graph.node(graph.find_node(name)); };
  REQUIRE(target.added_bias(node("matrix")) != nullptr);
  CHECK(target.added_bias(node("gemm")) == nullptr);
  const AddedBias& bias = *target.added_bias(node("matrix"));
  CHECK(bias.takes(graph, node("matrix"), graph.find("row")));
  CHECK_FALSE(bias.takes(graph, node("matrix"), graph.find("one")));
  CHECK_FALSE(bias.takes(graph, node("matrix"), graph.find("matrix")));
  CHECK(bias.in_float(graph, node("matrix")));
  CHECK_FALSE(bias.in_float(graph, node("open")));
  CHECK(bias.in_float(graph, node("known")));
}

TEST_CASE("8-bit weights are safe where products are summed in 32 bits") {
  const Target& target = target_named("cpu");
  CHECK(target.pairs_saturate({.cpu = "", .flags = {"avx2", "avx512f"}, .kernel = ""}));
  CHECK_FALSE(target.pairs_saturate({.cpu = "", .flags = {"avx2", "avx512_vnni"}, .kernel = ""}));
}

TEST_CASE("a target is found by its name and by the hardware's, and others are listed") {
  CHECK(target_named("cpu").name == "onnxruntime-cpu");
  CHECK(target_named("onnxruntime-cpu").activation_code == DType::UInt8);
  try {
    target_named("gpu");
    FAIL("there is none");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Usage);
    CHECK(error.hint().find("onnxruntime-cpu") != std::string::npos);
  }
}
