// Products in every spelling, by every method with integer weights: what the runtime computes is close to the float
// model, and reasons are true.
#include <catch2/catch_test_macros.hpp>

#include "method/graphs.h"

using namespace bw;
using namespace bw::test;

namespace {

struct Spelling {
  const char* says;
  std::string node;  // %y of %x [N,32] and %w [32,48] or %wt [48,32]
};

const Spelling kSpellings[] = {
    {"MatMul", "  %y: float32[N,48] = MatMul(%x, %w) @ \"y\"\n"},
    {"Gemm", "  %y: float32[N,48] = Gemm(%x, %w) @ \"y\"\n"},
    {"Gemm of a transposed weight", "  %y: float32[N,48] = Gemm(%x, %wt) {transB = 1} @ \"y\"\n"},
    {"Gemm with a bias", "  %y: float32[N,48] = Gemm(%x, %w, %b) @ \"y\"\n"},
    {"Gemm with a bias of one row", "  %y: float32[N,48] = Gemm(%x, %w, %row) @ \"y\"\n"},
    {"Gemm with a number as bias", "  %y: float32[N,48] = Gemm(%x, %w, %three) @ \"y\"\n"},
    {"Gemm with factors", "  %y: float32[N,48] = Gemm(%x, %wt, %b) {transB = 1, alpha = 0.5f, beta = 2f} @ \"y\"\n"},
    {"Gemm with a computed bias", "  %c: float32[N,48] = Sin(%x2)\n  %y: float32[N,48] = Gemm(%x, %w, %c) @ \"y\"\n"},
    {"Gemm with a computed bias of one number",
     "  %s: float32[1,1] = ReduceMean(%x2)\n  %c: float32[1] = Reshape(%s, %one)\n"
     "  %y: float32[N,48] = Gemm(%x, %w, %c) @ \"y\"\n"},
};

Graph graph_with(const std::string& node) {
  return graph_of("  input %x: float32[N,32]\n  input %x2: float32[N,48]\n" + weight("w", {32, 48}, 1) +
                  weight("wt", {48, 32}, 2) + weight("b", {48}, 3, 5) + weight("row", {1, 48}, 4, 5) +
                  "  const %three: float32[] = float32[] {3}\n  const %one: int64[1] = int64[1] {1}\n" + node +
                  "  output %y: float32[N,48]\n");
}

}  // namespace

TEST_CASE("products compute the same however they are spelled") {
  const Inputs inputs{{"x", numbers({5, 32}, 7)}, {"x2", numbers({5, 48}, 8, 3)}};
  for (const Spelling& spelling : kSpellings)
    for (const char* recipe : {"weight-only(bits=8,accuracy_level=1)", "int8-dynamic", "int8-dynamic(per_channel=no)",
                               "int8-static", "int8-static(form=qoperator)"}) {
      INFO(spelling.says << ", " << recipe);
      const Graph graph = graph_with(spelling.node);
      const bool computed_bias = spelling.node.find("%c)") != std::string::npos;
      const bool taken = is_changed(plan_of(graph, recipe, inputs), "y");
      CHECK(taken == !(computed_bias && std::string_view(recipe).starts_with("int8-static")));
      const double decibels = sqnr(run(lowered(graph, recipe, inputs), inputs)[0], run(graph, inputs)[0]);
      CHECK(decibels > 30);
      if (taken) CHECK(decibels < 80);
    }
}

TEST_CASE("int8-dynamic of an LSTM is close to the float model, in one direction and in two") {
  for (const bool both : {false, true}) {
    const std::int64_t directions = both ? 2 : 1;
    const Graph graph = graph_of("  input %x: float32[S,N,16]\n" + weight("w", {directions, 96, 16}, 1, 0.3) +
                                 weight("r", {directions, 96, 24}, 2, 0.2) + weight("b", {directions, 192}, 3) +
                                 "  %y = LSTM(%x, %w, %r, %b) {hidden_size = 24" +
                                 (both ? ", direction = \"bidirectional\"" : "") + "} @ \"y\"\n  output %y\n");
    const Inputs inputs{{"x", numbers({4, 2, 16}, 7)}};
    for (const char* recipe : {"int8-dynamic", "int8-dynamic(per_channel=no)"}) {
      CHECK(precision_of(plan_of(graph, recipe), "y") == Precision::Dynamic);
      CHECK(sqnr(run(lowered(graph, recipe), inputs)[0], run(graph, inputs)[0]) > 25);
    }
  }
}

namespace {

// Rows of the last axis have different spreads, directions as well.
Tensor rows_of(const Shape& shape, std::uint64_t seed, double spread) {
  const Tensor even = numbers(shape, seed, spread);
  const auto width = static_cast<std::size_t>(shape.back()), rows = static_cast<std::size_t>(shape[shape.size() - 2]);
  return Tensor::fill<float>(shape, [&](std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = even.data<float>()[i] * (i / width / rows == 0 ? 1.0f : 0.6f) *
               (0.4f + 0.3f * static_cast<float>(i / width % 5));
  });
}

constexpr std::int64_t kHidden = 384;  // from here on the target has a form for GRUs

// Weights too large for text take the places of small ones.
Graph gru(const std::string& attributes, const std::string& inputs, std::int64_t directions) {
  Graph graph = parse_graph(fmt::format(
      "ir_version 8\nopset \"\" 17\ngraph \"g\" {{\n"
      "  input %x: float32[S,N,16]\n  input %h0: float32[{0},N,{1}]\n  const %w: float32[1] = float32[1] {{0}}\n"
      "  const %r: float32[1] = float32[1] {{0}}\n  const %b: float32[1] = float32[1] {{0}}\n"
      "  %y: float32[S,{0},N,{1}], %h: float32[{0},N,{1}] = GRU(%x, %w, %r{2}) {{hidden_size = {1}{3}}} @ \"y\"\n"
      "  output %y: float32[S,{0},N,{1}]\n  output %h: float32[{0},N,{1}]\n}}\n",
      directions, kHidden, inputs, attributes));
  const auto set = [&](const char* name, const Tensor& tensor) {
    if (graph.find(name) == kNoValue) return;
    Value& value = graph.value(graph.find(name));
    value.initializer = tensor;
    value.type = ValueType::tensor(DType::Float32, tensor.shape());
  };
  set("w", rows_of({directions, 3 * kHidden, 16}, 1, 0.3));
  set("r", rows_of({directions, 3 * kHidden, kHidden}, 2, 0.05));
  set("b", numbers({directions, 6 * kHidden}, 3, 0.5));
  onnx::infer_types(graph);
  prepare(graph);
  onnx::infer_types(graph);
  return graph;
}

}  // namespace

TEST_CASE("int8-dynamic of a GRU is close to the float model, in every direction and form") {
  for (const char* direction : {"forward", "reverse", "bidirectional"})
    for (const int linear : {0, 1})
      for (const char* operands : {"", ", %b", ", %b, _, %h0"}) {
        INFO(direction << ", linear_before_reset = " << linear << ", operands" << operands);
        const std::int64_t directions = std::string_view(direction) == "bidirectional" ? 2 : 1;
        const Graph graph =
            gru(fmt::format(", linear_before_reset = {}, direction = \"{}\"", linear, direction), operands, directions);
        const Inputs inputs{{"x", numbers({4, 2, 16}, 7)}, {"h0", numbers({directions, 2, kHidden}, 8, 0.5)}};
        const auto wanted = run(graph, inputs);
        for (const char* recipe : {"int8-dynamic", "int8-dynamic(per_channel=no)"}) {
          CHECK(precision_of(plan_of(graph, recipe), "y") == Precision::Dynamic);
          const auto met = run(lowered(graph, recipe), inputs);
          REQUIRE(met.size() == 2);
          for (const std::size_t output : {0u, 1u}) {
            REQUIRE(met[output].size() == wanted[output].size());
            CHECK(sqnr(met[output], wanted[output]) > 30);
            CHECK(sqnr(met[output], wanted[output]) < 80);
          }
        }
      }
}

TEST_CASE("reasons of products that stay are true") {
  const auto reason = [](const std::string& nodes) {
    return plan_of(graph_with(nodes), "weight-only").nodes.at("y").reason;
  };
  CHECK(
      reason(
          "  %xt: float32[48,N] = Transpose(%x2) {perm = ints [1, 0]}\n  %z: float32[N,N] = MatMul(%x2, %xt) @ \"z\"\n"
          "  %y: float32[N,48] = MatMul(%z, %x2) @ \"y\"\n") == "both operands are activations");
  CHECK(reason("  const %q: int8[1] = int8[1] {1}\n  const %d: float32[] = float32[] {1}\n"
               "  %dq: float32[1] = DequantizeLinear(%q, %d) @ \"decode\"\n"
               "  %e: float32[32,48] = Mul(%w, %dq) @ \"made\"\n  %y: float32[N,48] = MatMul(%x, %e) @ \"y\"\n") ==
        "the weight is computed by 'made' while running");
  CHECK(reason("  %xt: float32[32,N] = Transpose(%x) {perm = ints [1, 0]}\n"
               "  %y: float32[N,48] = Gemm(%xt, %w) {transA = 1} @ \"y\"\n") ==
        "it transposes its activation (transA)");
  CHECK(reason("  %c: float32[N,48] = Sin(%x2)\n  %y: float32[N,48] = Gemm(%x, %w, %c) {beta = 2f} @ \"y\"\n") ==
        "it scales what is not constant (alpha, beta)");
}
