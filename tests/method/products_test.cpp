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
