// Multiply-accumulates and bytes of one run, counted by hand.
#include "bench/cost.h"

#include <catch2/catch_test_macros.hpp>

#include "graph/text.h"

using namespace bw;

namespace {

Graph product() {
  return parse_graph(
      "ir_version 8\nopset \"\" 17\ngraph \"g\" {\n  input %x: float32[N,4]\n"
      "  const %w: float32[4,2] = float32[4,2] {1, 2, 3, 4, 5, 6, 7, 8}\n"
      "  %m: float32[N,2] = MatMul(%x, %w) @ \"m\"\n  %y: float32[N,2] = Relu(%m) @ \"r\"\n"
      "  output %y: float32[N,2]\n}\n");
}

QParams codes(DType dtype) {
  return {.scheme = {.code = dtype}, .scales = {1}, .zero_points = {0}};
}

NodePlan node_of(Precision compute, DType dtype) {
  return {.compute = compute, .reason = "", .operands = {{1, codes(dtype)}}};
}

}  // namespace

TEST_CASE("a run reads and writes every operand once a node, in the bits that it has") {
  const Graph three = with_input_shapes(product(), std::vector<Shape>{{3, 4}});
  const Cost plain = run_cost(three, {});
  CHECK(plain.multiply_accumulates == 3 * 4 * 2);
  // x, w and m of the product; m and y of the Relu.
  CHECK(plain.bytes == 4 * (12 + 8 + 6 + 6 + 6));
  Plan plan;
  plan.nodes["m"] = node_of(Precision::Float32, DType::UInt4);
  CHECK(run_cost(three, plan).bytes == plain.bytes - 8 * 4 + 8 / 2);
  plan.nodes["m"] = node_of(Precision::Integer, DType::Int8);
  CHECK(run_cost(three, plan).bytes == plain.bytes - 8 * 4 + 8);
  plan.values["x"] = codes(DType::UInt8);
  CHECK(run_cost(three, plan).bytes == plain.bytes - 8 * 4 + 8 - 12 * 4 + 12);
  plan.values["m"] = codes(DType::UInt8);  // written by one node and read by another
  CHECK(run_cost(three, plan).bytes == plain.bytes - 8 * 4 + 8 - 12 * 4 + 12 - 2 * (6 * 4 - 6));
}

TEST_CASE("shapes of a sample take the place of symbols, and unknown ones cost nothing") {
  const Cost five = run_cost(with_input_shapes(product(), std::vector<Shape>{{5, 4}}), {});
  CHECK(five.multiply_accumulates == 5 * 4 * 2);
  CHECK(run_cost(product(), {}).multiply_accumulates == 0);
}
