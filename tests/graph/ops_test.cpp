#include <catch2/catch_test_macros.hpp>

#include <set>

#include "base/error.h"
#include "graph/ops/op.h"
#include "graph/text.h"

namespace bw {
namespace {

TEST_CASE("the operator table has one sensible row an operator", "[ops]") {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const OpInfo& op : ops()) {
    CAPTURE(op.domain, op.name);
    CHECK(seen.emplace(op.domain, op.name).second);
    CHECK((op.inputs.most == -1 || op.inputs.least <= op.inputs.most));
    CHECK((op.outputs.most == -1 || op.outputs.least <= op.outputs.most));
    CHECK((op.inputs.most == -1 || op.weight_input < op.inputs.most));
    CHECK((op.inputs.most == -1 || op.bias_input < op.inputs.most));
    CHECK((!op.weight_channel_axis || op.weight_input >= 0));
    CHECK(find_op(op.name, op.domain) == &op);
  }
  CHECK(find_op("NoSuchOperator") == nullptr);
  CHECK(find_op("Conv", "other.domain") == nullptr);
}

std::optional<int> axis_of(const char* op, int rank, std::vector<Attribute> attributes = {}) {
  Node node;
  node.op_type = op;
  node.attributes = std::move(attributes);
  return find_op(node)->weight_channel_axis(node, rank);
}

TEST_CASE("weights carry output channels on the axis that ONNX says", "[ops]") {
  CHECK(axis_of("Conv", 4) == 0);
  CHECK(axis_of("ConvTranspose", 4) == 1);
  CHECK(axis_of("Gemm", 2) == 1);
  CHECK(axis_of("Gemm", 2, {{"transB", std::int64_t{1}, {}}}) == 0);
  CHECK(axis_of("MatMul", 2) == 1);
  CHECK(axis_of("MatMul", 3) == 2);
  CHECK(axis_of("MatMul", 1) == std::nullopt);
  CHECK(axis_of("LSTM", 3) == 1);
}

TEST_CASE("an attribute that is left out has the default of its row, by opset", "[ops]") {
  Node node;
  node.op_type = "Softmax";
  CHECK(int_of(node, "axis") == -1);
  CHECK(int_of(node, "axis", 13) == -1);
  CHECK(int_of(node, "axis", 12) == 1);
  node.set("axis", std::int64_t{3});
  CHECK(int_of(node, "axis", 12) == 3);
  CHECK_THROWS_AS(int_of(node, "no_such"), Error);
  node.op_type = "Gelu";
  CHECK(string_of(node, "approximate") == "none");
  node.op_type = "LeakyRelu";
  CHECK(float_of(node, "alpha") == 0.01f);
  node.op_type = "Cast";
  CHECK_THROWS_AS(int_of(node, "to"), Error);
}

Cost cost_of(const std::string& statements) {
  const Graph graph = parse_graph("ir_version 8\nopset \"\" 17\ngraph \"g\" {\n" + statements + "}\n");
  return cost(graph, graph.nodes.at(0));
}

TEST_CASE("multiply-accumulates and bytes come from shapes", "[ops]") {
  const Cost conv = cost_of(
      "input %x: float32[1,4,8,8]\n input %w: float32[6,2,3,3]\n %y: float32[1,6,8,8] = Conv(%x, %w) {group = 2}\n "
      "output %y\n");
  CHECK(conv.multiply_accumulates == 6 * 8 * 8 * 2 * 9);
  CHECK(conv.bytes == 4 * (4 * 64 + 6 * 2 * 9 + 6 * 64));
  CHECK(cost_of("input %x: float32[1,4,5,5]\n input %w: float32[4,3,2,2]\n %y: float32[1,3,6,6] = ConvTranspose(%x, "
                "%w)\n output %y\n")
            .multiply_accumulates == 4 * 25 * 3 * 4);
  CHECK(cost_of("input %a: float32[2,3,4]\n input %b: float32[4,5]\n %y: float32[2,3,5] = MatMul(%a, %b)\n output %y\n")
            .multiply_accumulates == 2 * 3 * 4 * 5);
  CHECK(cost_of("input %a: float32[4,3]\n input %b: float32[4,5]\n %y: float32[3,5] = Gemm(%a, %b) {transA = 1}\n "
                "output %y\n")
            .multiply_accumulates == 60);
  CHECK(cost_of("input %a: float32[2,3]\n input %b: float32[3,4]\n %y: float32[2,4] = Einsum(%a, %b) {equation = "
                "\"ij,jk->ik\"}\n output %y\n")
            .multiply_accumulates == 24);
  CHECK(cost_of("input %x: float32[7,2,3]\n input %w: float32[1,20,3]\n input %r: float32[1,20,5]\n %y: "
                "float32[7,1,2,5] = LSTM(%x, %w, %r)\n output %y\n")
            .multiply_accumulates == 7 * 2 * (20 * 3 + 20 * 5));
  CHECK(cost_of("input %x: float32[2]\n %y: float32[2] = Relu(%x)\n output %y\n").multiply_accumulates == 0);
  CHECK(cost_of("input %a: float32[N,4]\n input %b: float32[4,5]\n %y: float32[N,5] = MatMul(%a, %b)\n output %y\n")
            .bytes == 0);
}

}  // namespace
}  // namespace bw
