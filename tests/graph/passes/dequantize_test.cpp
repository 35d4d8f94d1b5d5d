#include "graph/passes/dequantize.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "graph/evaluate.h"
#include "graph/passes/pass.h"
#include "graph/text.h"
#include "tensor/convert.h"

namespace bw {
namespace {

Graph graph_of(const std::string& body) {
  return parse_graph("ir_version 8\nopset \"\" 17\nopset \"com.microsoft\" 1\ngraph \"g\" {\n" + body + "}\n");
}

std::string ops_of(const Graph& graph) {
  std::string names;
  for (const Node& node : graph.nodes) names += (names.empty() ? "" : " ") + node.op_type;
  return names;
}

Tensor ramp(const Shape& shape) {
  return Tensor::fill<float>(shape, [](std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = std::sin(static_cast<float>(i) * 0.7f);
  });
}

// Takes the codes out, and gives how far the answer on `x` moves at most.
double moves(Graph& graph, const Tensor& x) {
  const std::vector<double> before = to_doubles(evaluate(graph, {{"x", x}}).front());
  CHECK(dequantize(graph));
  prepare(graph);
  const std::vector<double> after = to_doubles(evaluate(graph, {{"x", x}}).front());
  REQUIRE(after.size() == before.size());
  double most = 0;
  for (std::size_t i = 0; i < before.size(); ++i) most = std::max(most, std::fabs(after[i] - before[i]));
  return most;
}

}  // namespace

TEST_CASE("a quantized graph gives its floats back where that is asked for", "[passes]") {
  Graph graph = graph_of(R"(input %x: float32[1,2]
    const %s: float32[] = float32[] {0.5}
    const %z: uint8[] = uint8[] {128}
    const %wq: int8[2,2] = int8[2,2] {1, 2, -3, 4}
    const %sw: float32[] = float32[] {0.25}
    %q: uint8[1,2] = QuantizeLinear(%x, %s, %z)
    %d: float32[1,2] = DequantizeLinear(%q, %s, %z)
    %w: float32[2,2] = DequantizeLinear(%wq, %sw)
    %y: float32[1,2] = MatMul(%d, %w)
    output %y: float32[1,2])");
  CHECK(dequantize(graph));
  prepare(graph);
  CHECK(ops_of(graph) == "MatMul");
  CHECK(to_doubles(graph.value(graph.node(0).input(1)).initializer) == std::vector<double>{0.25, 0.5, -0.75, 1});
  CHECK(!dequantize(graph));
}

TEST_CASE("codes that cut off what is below zero leave a Clip behind", "[passes]") {
  const auto network = [](const std::string& between, int zero) {
    return graph_of("input %x: float32[1,2]\n const %w: float32[2,2] = float32[2,2] {1, -2, -3, 4}\n" +
                    std::string("const %s: float32[] = float32[] {0.02}\n const %z: uint8[] = uint8[] {") +
                    std::to_string(zero) + "}\n%m: float32[1,2] = MatMul(%x, %w)\n" + between +
                    "%q: uint8[1,2] = QuantizeLinear(%r, %s, %z)\n %d: float32[1,2] = DequantizeLinear(%q, %s, %z)\n" +
                    "%y: float32[1,2] = MatMul(%d, %w)\n output %y: float32[1,2]");
  };
  const std::string none = "%r: float32[1,2] = Identity(%m)\n";
  Graph activated = network(none, 0), named = network("%r: float32[1,2] = Relu(%m)\n", 0), signed_ = network(none, 128);
  for (Graph* graph : {&activated, &named, &signed_}) prepare(*graph);
  CHECK(moves(activated, ramp({1, 2})) < 0.05);
  CHECK(ops_of(activated) == "MatMul Clip MatMul");
  CHECK(moves(named, ramp({1, 2})) < 0.05);
  CHECK(ops_of(named) == "MatMul Relu MatMul");
  CHECK(dequantize(signed_));
  prepare(signed_);
  CHECK(ops_of(signed_) == "MatMul MatMul");
}

TEST_CASE("operators on codes become those on floats", "[passes]") {
  Graph product = graph_of(R"(input %x: float32[2,3]
    const %sx: float32[] = float32[] {0.01}
    const %zx: uint8[] = uint8[] {128}
    const %w: int8[3,2] = int8[3,2] {10, -20, 30, 40, -50, 60}
    const %sw: float32[2] = float32[2] {0.02, 0.04}
    const %zw: int8[2] = int8[2] {0, 0}
    const %sy: float32[1] = float32[1] {0.04}
    const %zy: uint8[1] = uint8[1] {120}
    %q: uint8[2,3] = QuantizeLinear(%x, %sx, %zx)
    %p: uint8[2,2] = QLinearMatMul(%q, %sx, %zx, %w, %sw, %zw, %sy, %zy)
    %y: float32[2,2] = DequantizeLinear(%p, %sy, %zy)
    %o: float32[2,2] = Neg(%y)
    output %o: float32[2,2])");
  CHECK(moves(product, ramp({2, 3})) < 0.05);
  CHECK(ops_of(product) == "MatMul Neg");

  Graph convolution = graph_of(R"(input %x: float32[1,1,4,4]
    const %sx: float32[] = float32[] {0.01}
    const %zx: uint8[] = uint8[] {128}
    const %w: int8[2,1,3,3] = int8[2,1,3,3] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, -40, 50, -60, 70, 80, 90}
    const %sw: float32[2] = float32[2] {0.02, 0.005}
    const %zw: int8[2] = int8[2] {0, 0}
    const %b: int32[2] = int32[2] {1000, -20000}
    const %sy: float32[] = float32[] {0.02}
    const %zy: uint8[] = uint8[] {128}
    %q: uint8[1,1,4,4] = QuantizeLinear(%x, %sx, %zx)
    %p: uint8[1,2,4,4] = QLinearConv(%q, %sx, %zx, %w, %sw, %zw, %sy, %zy, %b) {pads = ints [1, 1, 1, 1]}
    %y: float32[1,2,4,4] = DequantizeLinear(%p, %sy, %zy)
    %o: float32[1,2,4,4] = Neg(%y)
    output %o: float32[1,2,4,4])");
  CHECK(moves(convolution, ramp({1, 1, 4, 4})) < 0.06);
  CHECK(ops_of(convolution) == "Conv Neg");
}

TEST_CASE("products that quantize while they run become those of floats", "[passes]") {
  Graph graph = graph_of(R"(input %x: float32[2,3]
    const %w: uint8[3,2] = uint8[3,2] {10, 20, 30, 40, 50, 60}
    const %v: int8[3,2] = int8[3,2] {1, -2, 3, -4, 5, -6}
    const %z: uint8[] = uint8[] {30}
    const %sw: float32[2] = float32[2] {0.02, 0.04}
    const %sv: float32[] = float32[] {0.3}
    %q: uint8[2,3], %s: float32[], %zx: uint8[] = DynamicQuantizeLinear(%x)
    %i: int32[2,2] = MatMulInteger(%q, %w, %zx, %z)
    %c: float32[2,2] = Cast(%i) {to = 1}
    %ss: float32[2] = Mul(%s, %sw)
    %a: float32[2,2] = Mul(%c, %ss)
    %j: int32[2,2] = MatMulInteger(%q, %v, %zx)
    %e: float32[2,2] = Cast(%j) {to = 1}
    %st: float32[] = Mul(%s, %sv)
    %b: float32[2,2] = Mul(%e, %st)
    %y: float32[2,2] = Add(%a, %b)
    output %y: float32[2,2])");
  CHECK(moves(graph, ramp({2, 3})) < 0.05);
  CHECK(ops_of(graph) == "MatMul Mul MatMul Mul Add");

  Graph seen = graph_of(R"(input %x: float32[2,3]
    const %w: uint8[3,2] = uint8[3,2] {10, 20, 30, 40, 50, 60}
    %q: uint8[2,3], %s: float32[], %zx: uint8[] = DynamicQuantizeLinear(%x)
    %i: int32[2,2] = MatMulInteger(%q, %w, %zx)
    output %i: int32[2,2])");
  CHECK_FALSE(dequantize(seen));
}

TEST_CASE("what has parameters that are computed, or nothing to take back, stays", "[passes]") {
  Graph graph = graph_of(R"(input %x: uint8[2,3]
    input %sx: float32[]
    const %zx: uint8[] = uint8[] {128}
    const %w: int8[3,2] = int8[3,2] {10, -20, 30, 40, -50, 60}
    const %sw: float32[] = float32[] {0.02}
    const %zw: int8[] = int8[] {0}
    const %sy: float32[] = float32[] {0.02}
    %p: uint8[2,2] = QLinearMatMul(%x, %sx, %zx, %w, %sw, %zw, %sy, %zx)
    output %p: uint8[2,2])");
  CHECK_FALSE(dequantize(graph));
  CHECK(ops_of(graph) == "QLinearMatMul");
}

}  // namespace bw
