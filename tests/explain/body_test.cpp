// Quantized networks with nodes that have bodies (If, Loop, Scan): what is around them is explained.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "base/error.h"
#include "explain/layers.h"
#include "graph/evaluate.h"
#include "graph/text.h"
#include "tensor/convert.h"

namespace bw {
namespace {

Graph graph_of(const std::string& body) {
  return parse_graph("ir_version 8\nopset \"\" 17\ngraph \"g\" {\n  input %x: float32[S,2]\n" + body +
                     "  output %y: float32[S,2]\n}\n");
}

const Graph& original() {
  static const Graph kGraph = graph_of(
      "  const %v: float32[2,2] = float32[2,2] {1, 2, 3, 4}\n"
      "  %t: float32[S,2] = Tanh(%x) @ \"t\"\n  %y: float32[S,2] = MatMul(%t, %v) @ \"y\"\n");
  return kGraph;
}

// A product of codes behind a Scan, which computes Tanh row by row: only its output has a counterpart, by its name.
Graph quantized(const std::string& codes, const std::string& body) {
  return graph_of("  const %s: float32[] = float32[] {0.01}\n  const %z: uint8[] = uint8[] {128}\n" +
                  ("  const %q: int8[2,2] = int8[2,2] {" + codes) +
                  "}\n  const %vs: float32[] = float32[] {0.1}\n"
                  "  const %k: float32[2] = float32[2] {0, 0}\n  %rows: float32[S,2] = Scan(%x) {num_scan_inputs = 1, "
                  "body = graph \"b\" {\n    " +
                  body +
                  "    output %o }} @ \"rows\"\n"
                  "  %c: uint8[S,2] = QuantizeLinear(%rows, %s, %z)\n"
                  "  %d: float32[S,2] = DequantizeLinear(%c, %s, %z)\n"
                  "  %w: float32[2,2] = DequantizeLinear(%q, %vs)\n  %y: float32[S,2] = MatMul(%d, %w) @ \"y\"\n");
}

const std::string kRow = "input %r: float32[2]\n    %o: float32[2] = Tanh(%r)\n";
const std::string kReadsAround = "capture %k\n    input %r: float32[2]\n    %o: float32[2] = Add(%r, %k)\n";

struct Sides {
  std::vector<Layer> layers;
  SideBySide graph;
};
Sides sides(const Graph& graph) {
  const Spelled spelled = spelled_out(graph);
  const Match matched = match(original(), spelled.graph);
  std::vector<Layer> layers = layers_of(original(), spelled, matched);
  SideBySide both = side_by_side(original(), spelled, matched, layers);
  return {std::move(layers), std::move(both)};
}

std::string refusal(const Graph& graph) {
  try {
    sides(graph);
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

TEST_CASE("a layer behind a body is compared as the network computes it", "[bodies]") {
  const auto [layers, both] = sides(quantized("10, 20, 30, 40", kRow));
  REQUIRE(layers.size() == 1);
  CHECK(original().node(layers[0].original).name == "y");
  CHECK(both.layers[0].accumulated);
  CHECK_FALSE(both.layers[0].isolated);
  const Tensor x = Tensor::of<float>({2, 2}, {0.5f, -1, 2, 0});
  const std::vector<Tensor> outputs = evaluate(both.graph, {{"x", x}});
  CHECK(to_floats(outputs.at(0)) == to_floats(evaluate(original(), {{"x", x}}).at(0)));
}

TEST_CASE("a body that reads values around it, or may hold all weights, is not explained", "[bodies]") {
  CHECK(refusal(quantized("10, 20, 30, 40", kReadsAround)) ==
        "'rows' (Scan) has a body that reads values around it, which is not explained");
  Graph other = quantized("10, 20, 30, 40", kRow);
  other.node(other.find_node("y")).name = "z";
  other.value(other.find("y")).name = "z";
  CHECK(refusal(other) == "'rows' (Scan) has a body, which is not explained");
}

}  // namespace
}  // namespace bw
