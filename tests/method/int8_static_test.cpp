#include <catch2/catch_test_macros.hpp>

#include "method/graphs.h"

using namespace bw;
using namespace bw::test;

namespace {

// Boxes (four channels, in pixels) and scores (three) from one stem, put together as `together` says.
Graph detector(const std::string& together) {
  return graph_of("  input %x: float32[N,3,8,8]\n  const %stride: float32[] = float32[] {320}\n" +
                  weight("w", {8, 3, 3, 3}, 1) + weight("b", {8}, 2) + weight("wb", {4, 8, 1, 1}, 3) +
                  weight("wc", {3, 8, 1, 1}, 4) + "  const %bc: float32[3] = float32[3] {-5, -5, -4}\n" +
                  weight("wd", {2, 7, 1, 1}, 5) +
                  "  %a: float32[N,8,8,8] = Conv(%x, %w, %b) {pads = ints [1, 1, 1, 1]} @ \"a\"\n"
                  "  %r: float32[N,8,8,8] = Relu(%a) @ \"r\"\n  %box: float32[N,4,8,8] = Conv(%r, %wb) @ \"box\"\n"
                  "  %cls: float32[N,3,8,8] = Conv(%r, %wc, %bc) @ \"cls\"\n"
                  "  %bs: float32[N,4,8,8] = Mul(%box, %stride) @ \"bs\"\n"
                  "  %sc: float32[N,3,8,8] = Sigmoid(%cls) @ \"sc\"\n" +
                  together + "  output %y\n  output %d: float32[N,2,8,8]\n");
}

// The smallest SQNR over the channels (the second of three or four axes) of an output.
double worst_channel(const Graph& graph, const std::string& recipe, std::size_t channels) {
  const Inputs inputs{{"x", numbers({2, 3, 8, 8}, 7)}};
  const std::vector<float> met = run(lowered(graph, recipe, inputs), inputs)[0], wanted = run(graph, inputs)[0];
  const std::size_t plane = wanted.size() / channels / 2;
  double worst = 1e9;
  for (std::size_t c = 0; c < channels; ++c) {
    std::vector<float> a, b;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (i / plane % channels == c) {
        a.push_back(met[i]);
        b.push_back(wanted[i]);
      }
    worst = std::min(worst, sqnr(a, b));
  }
  return worst;
}

}  // namespace

TEST_CASE("scores beside boxes in an output keep their own scale, whoever else reads them") {
  for (const char* together :
       {"  %y: float32[N,7,8,8] = Concat(%bs, %sc) {axis = 1} @ \"cat\"\n"
        "  %d: float32[N,2,8,8] = Conv(%y, %wd) @ \"d\"\n",
        "  const %shape: int64[3] = int64[3] {0, 7, 64}\n  const %four: int64[4] = int64[4] {0, 7, 8, 8}\n"
        "  %c: float32[N,7,8,8] = Concat(%bs, %sc) {axis = 1} @ \"cat\"\n"
        "  %y: float32[N,7,64] = Reshape(%c, %shape) @ \"flat\"\n"
        "  %e: float32[N,7,8,8] = Reshape(%y, %four) @ \"back\"\n  %d: float32[N,2,8,8] = Conv(%e, %wd) @ \"d\"\n",
        "  const %ones: float32[1,7,1,1] = float32[1,7,1,1] {500, 500, 500, 500, 1, 1, 1}\n"
        "  %c: float32[N,7,8,8] = Concat(%box, %sc) {axis = 1} @ \"even\"\n"
        "  %y: float32[N,7,8,8] = Mul(%c, %ones) @ \"cat\"\n  %d: float32[N,2,8,8] = Conv(%y, %wd) @ \"d\"\n"}) {
    const Graph graph = detector(together);
    for (const char* recipe : {"int8-static", "int8-static(form=qoperator)"}) {
      INFO(together << recipe);
      const Inputs inputs{{"x", numbers({2, 3, 8, 8}, 7)}};
      const Plan plan = plan_of(graph, recipe, inputs);
      CHECK(precision_of(plan, "cat") == Precision::Float32);
      CHECK(precision_of(plan, "d") == Precision::Integer);
      REQUIRE(plan.notes.size() == 1);
      CHECK(plan.notes[0].find("'cat' stays in float") == 0);
      CHECK(worst_channel(graph, recipe, 7) > 25);
    }
  }
}

TEST_CASE("a Concat of even inputs, or one that no output sees, is coded") {
  const Inputs inputs{{"x", numbers({2, 3, 8, 8}, 7)}};
  const Graph even = detector("  %y: float32[N,8,8,8] = Concat(%box, %box) {axis = 1} @ \"cat\"\n" +
                              weight("we", {2, 8, 1, 1}, 6) + "  %d: float32[N,2,8,8] = Conv(%y, %we) @ \"d\"\n");
  CHECK(precision_of(plan_of(even, "int8-static", inputs), "cat") == Precision::Integer);
  const Graph inner = detector(
      "  %c: float32[N,7,8,8] = Concat(%bs, %sc) {axis = 1} @ \"cat\"\n"
      "  %d: float32[N,2,8,8] = Conv(%c, %wd) @ \"d\"\n"
      "  %y: float32[N,8,8,8] = Neg(%r)\n");
  CHECK(precision_of(plan_of(inner, "int8-static", inputs), "cat") == Precision::Integer);
}

TEST_CASE("what a logarithm sees stays in float, what comes before and behind does not") {
  const Graph graph =
      graph_of("  input %x: float32[N,16]\n  const %two: float32[] = float32[] {2}\n" + weight("w", {16, 16}, 1) +
               weight("f", {16, 8}, 2) + weight("g", {16, 8}, 4) + weight("v", {16, 4}, 3) +
               "  %h: float32[N,16] = MatMul(%x, %w) @ \"h\"\n  %r: float32[N,16] = Relu(%h) @ \"r\"\n"
               "  %s1: float32[N,8] = MatMul(%r, %f) @ \"s\"\n"
               "  %s2: float32[N,8] = MatMul(%r, %g) @ \"t\"\n"
               "  %s: float32[N,16] = Concat(%s1, %s2) {axis = 1}\n  %q: float32[N,16] = Neg(%s)\n"
               "  %p: float32[N,16] = Pow(%q, %two)\n"
               "  %l: float32[N,16] = Log(%p) @ \"l\"\n  %y: float32[N,4] = MatMul(%l, %v) @ \"y\"\n"
               "  output %y: float32[N,4]\n");
  const Inputs inputs{{"x", numbers({3, 16}, 7)}};
  for (const char* recipe : {"int8-static", "int8-dynamic"}) {
    const Plan plan = plan_of(graph, recipe, inputs);
    CHECK(is_changed(plan, "h"));
    CHECK_FALSE(is_changed(plan, "s"));
    CHECK_FALSE(is_changed(plan, "t"));
    CHECK(plan.nodes.at("s").reason.find("logarithm") != std::string::npos);
    CHECK(is_changed(plan, "y"));
  }
}

TEST_CASE("a name that only the model's own file has may stand in keep_float") {
  Graph stored = parse_graph(
      "ir_version 8\nopset \"\" 17\ngraph \"g\" {\n  input %x: float32[N,2]\n"
      "  const %w: float32[2,2] = float32[2,2] {1, 0.5, 2, 0.25}\n  %i: float32[N,2] = Identity(%x) @ \"same\"\n"
      "  %y: float32[N,2] = MatMul(%i, %w) @ \"y\"\n  output %y: float32[N,2]\n}\n");
  onnx::infer_types(stored);
  Graph graph = stored;
  prepare(graph);
  Task task = task_of(graph);
  const Chain chain = resolve(parse_recipe("int8-dynamic(keep_float=same)"));
  CHECK_THROWS(decide(chain, task));
  task.stored = &stored;
  CHECK(precision_of(decide(chain, task), "y") == Precision::Dynamic);
}
