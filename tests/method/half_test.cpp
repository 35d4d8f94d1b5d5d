// 16-bit floats: which constants gain from them, and which operators' other operands stay as they are.
#include <catch2/catch_test_macros.hpp>

#include "method/graphs.h"

using namespace bw;
using namespace bw::test;

namespace {

bool is_half(const Graph& graph, const std::string& recipe, const char* node) {
  return is_changed(plan_of(graph, recipe), node);
}

}  // namespace

TEST_CASE("bfloat16 is for constants of min_size elements and more") {
  const Graph graph = graph_of("  input %x: float32[N,32]\n" + weight("w", {32, 32}, 1) + weight("v", {32, 31}, 2) +
                               "  %m: float32[N,32] = MatMul(%x, %w) @ \"large\"\n"
                               "  %y: float32[N,31] = MatMul(%m, %v) @ \"small\"\n  output %y: float32[N,31]\n");
  CHECK(is_half(graph, "bf16", "large"));
  CHECK_FALSE(is_half(graph, "bf16", "small"));
  CHECK(plan_of(graph, "bf16").nodes.at("small").reason == "its constants have fewer than 1024 elements (min_size)");
  CHECK(is_half(graph, "bf16(min_size=992)", "small"));
  CHECK_FALSE(is_half(graph, "bf16(min_size=993)", "small"));
  CHECK_FALSE(is_half(graph, "bf16(keep_float=large)", "large"));
  CHECK(plan_of(graph, "bf16(keep_float=large)").nodes.at("large").reason == "kept in float as asked");
}

TEST_CASE("of a node's constants only the large ones become bfloat16") {
  const Graph graph = graph_of("  input %x: float32[N,32]\n" + weight("w", {32, 64}, 1) + weight("b", {64}, 2) +
                               "  %y: float32[N,64] = Gemm(%x, %w, %b) @ \"y\"\n  output %y: float32[N,64]\n");
  const NodePlan decision = plan_of(graph, "bf16").nodes.at("y");
  CHECK(decision.reason.empty());
  REQUIRE(decision.operands.size() == 1);
  CHECK(decision.operands.at(1).scheme.code == DType::BFloat16);
}

TEST_CASE("a node whose first constant is small and whose next is large has no reason to stay") {
  const Graph graph =
      graph_of("  input %x: float32[S,N,2]\n" + weight("w", {1, 12, 2}, 1) + weight("r", {1, 12, 3}, 2) +
               "  %y: float32 = LSTM(%x, %w, %r) {hidden_size = 3} @ \"y\"\n  output %y: float32\n");
  const NodePlan decision = plan_of(graph, "bf16(min_size=30)").nodes.at("y");
  CHECK(decision.compute == Precision::Float32);
  CHECK(decision.reason.empty());
  CHECK(decision.operands.contains(2));
  CHECK_FALSE(decision.operands.contains(1));
}

TEST_CASE("a Resize takes its picture in float16, and its scales in float32") {
  const Graph graph = graph_of("  input %x: float32[1,2,4,4]\n" + weight("w", {2, 2, 1, 1}, 1) +
                               "  const %s: float32[4] = float32[4] {1, 1, 2, 2}\n"
                               "  %c: float32[1,2,4,4] = Conv(%x, %w) @ \"c\"\n"
                               "  %y: float32[1,2,8,8] = Resize(%c, _, %s) {mode = \"nearest\"} @ \"y\"\n"
                               "  output %y: float32[1,2,8,8]\n");
  CHECK(is_half(graph, "fp16", "c"));
  CHECK_FALSE(is_half(graph, "fp16", "y"));
  CHECK(plan_of(graph, "fp16").nodes.at("y").reason.starts_with("Resize takes no float16 as 's'"));
  const Inputs inputs{{"x", numbers({1, 2, 4, 4}, 3)}};
  CHECK(sqnr(run(lowered(graph, "fp16"), inputs)[0], run(graph, inputs)[0]) > 55);
}

TEST_CASE("casts in the model go on to what they went to") {
  const Graph graph =
      graph_of("  input %x: uint8[N,4]\n" + weight("w", {4, 4}, 1) +
               "  const %z: float32[] = float32[] {0}\n  %f: float32[N,4] = Cast(%x) {to = 1} @ \"f\"\n"
               "  %m: float32[N,4] = MatMul(%f, %w) @ \"m\"\n  %b: bool[N,4] = Greater(%m, %z) @ \"b\"\n"
               "  %g: float32[N,4] = Cast(%b) {to = 1} @ \"g\"\n  %y: float32[N,4] = Mul(%g, %m) @ \"y\"\n"
               "  %i: int32[N,4] = Cast(%y) {to = 6} @ \"i\"\n"
               "  output %y: float32[N,4]\n  output %i: int32[N,4]\n");
  for (const char* node : {"f", "m", "g", "y"}) CHECK(is_half(graph, "fp16", node));
  const Inputs inputs{{"x", Tensor::of<std::uint8_t>({2, 4}, {0, 1, 2, 3, 255, 7, 100, 30})}};
  const auto met = run(lowered(graph, "fp16"), inputs), wanted = run(graph, inputs);
  CHECK(sqnr(met[0], wanted[0]) > 55);
  CHECK(met[1].size() == wanted[1].size());
}
