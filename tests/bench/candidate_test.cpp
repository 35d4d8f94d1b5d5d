// Candidates of small networks: what ONNX Runtime computes from the lowered file against the interpreter on the
// canonical graph, which is an implementation of its own.
#include "bench/candidate.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "base/error.h"
#include "bench/networks.h"
#include "format/onnx/onnx.h"
#include "graph/evaluate.h"
#include "graph/passes/dequantize.h"
#include "method/graphs.h"
#include "model/quantized.h"
#include "run/runtime.h"
#include "tensor/convert.h"

using namespace bw;

namespace {

Tensor image(std::uint64_t seed) {
  Random random(seed);
  return Tensor::fill<float>({2, 4, 8, 8}, [&](std::span<float> out) {
    for (float& x : out) x = static_cast<float>(random.normal());
  });
}

Tensor tokens() {
  return Tensor::of<std::int64_t>({2, 3}, {0, 299, 7, 7, 150, 12});
}

Candidate candidate_of(const Graph& graph, const char* recipe, const std::map<std::string, Tensor>& inputs) {
  test::Sampled calibrator(inputs);
  Task task = test::task_of(graph);
  if (!inputs.empty()) task.calibrator = &calibrator;
  return make_candidate(task, parse_recipe(recipe));
}

std::vector<float> run_file(const Graph& graph, const Tensor& input, bool optimize) {
  const std::string bytes = onnx::serialize(graph);
  LoadOptions options;
  options.optimize = optimize;
  const auto runner =
      runtime_named("onnxruntime").load({.path = {}, .bytes = std::as_bytes(std::span(bytes))}, options);
  return to_floats(runner->run(std::span(&input, 1)).front());
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(static_cast<double>(a[i]) - b[i]));
  return largest;
}

// Root of the mean squared difference over that of the original.
double relative_error(const std::vector<float>& met, const std::vector<float>& original) {
  REQUIRE(met.size() == original.size());
  double wrong = 0, all = 0;
  for (std::size_t i = 0; i < met.size(); ++i) {
    wrong += std::pow(static_cast<double>(met[i]) - original[i], 2);
    all += std::pow(static_cast<double>(original[i]), 2);
  }
  return std::sqrt(wrong / all);
}

bool has_op(const Graph& graph, std::string_view op) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& n) { return n.op_type == op; });
}

}  // namespace

TEST_CASE("names of folders are safe, short, and differ where recipes do") {
  CHECK(candidate_name(parse_recipe("int8-static(observer=mse)")) == "int8-static-observer-mse");
  CHECK(candidate_name(parse_recipe("fallback(accuracy=97%)")) == "fallback-accuracy-97pc");
  std::string list = "node0";
  for (int i = 1; i < 200; ++i) list += "|node" + std::to_string(i);
  const std::string a = candidate_name(parse_recipe("fp16(keep_float=" + list + ")")),
                    b = candidate_name(parse_recipe("fp16(keep_float=" + list + "x)"));
  CHECK(a.size() < 100);
  CHECK(a != b);
}

TEST_CASE("a table that two nodes share is stored once where both can read it", "[tied]") {
  const Graph tied = parse_graph("ir_version 8\nopset \"\" 17\ngraph \"tied\" {\n  input %ids: int64[2,3]\n" +
                                 test::constant("E", {300, 64}, 1, 0.3) + test::constant("w", {64, 64}, 2, 0.3) + R"(
  %e: float32[2,3,64] = Gather(%E, %ids) @ "e"
  %h: float32[2,3,64] = MatMul(%e, %w) @ "h"
  %Et: float32[64,300] = Transpose(%E) {perm = ints [1, 0]} @ "t"
  %y: float32[2,3,300] = MatMul(%h, %Et) @ "y"
  output %y: float32[2,3,300]
}
)");
  const std::vector<float> original = to_floats(evaluate(tied, {{"ids", tokens()}}).front());
  const double all = static_cast<double>(onnx::serialize(tied).size());
  const Graph graph = prepared(tied);
  struct Row {
    const char* recipe;
    double most_size;  // of the float model's, with the table stored once
    double most_error;
    bool noted;
  };
  for (const Row& row :
       {Row{"fp16", 0.52, 0.01, false}, Row{"bf16", 0.53, 0.05, false}, Row{"weight-only", 0.18, 0.3, false},
        Row{"weight-only(bits=8)", 0.31, 0.05, false}, Row{"weight-only(bits=8,block=128)", 0.75, 0.05, true},
        Row{"int8-dynamic", 0.55, 0.05, true}, Row{"int8-static", 0.55, 0.1, true}}) {
    INFO(row.recipe);
    const Candidate candidate = candidate_of(graph, row.recipe, {{"ids", tokens()}});
    CHECK(static_cast<double>(onnx::serialize(candidate.artifact.graph).size()) / all < row.most_size);
    for (const bool optimize : {false, true})
      CHECK(relative_error(run_file(candidate.artifact.graph, tokens(), optimize), original) < row.most_error);
    const bool noted = std::ranges::any_of(
        candidate.plan.notes, [](const std::string& note) { return note.starts_with("'E' is stored once as"); });
    CHECK(noted == row.noted);
  }
}

TEST_CASE("int8-static of a CNN computes what its plan says, fused or not") {
  const Graph graph = test::cnn();
  const Tensor x = image(9);
  for (const char* recipe :
       {"int8-static", "int8-static(per_channel=no)", "int8-static(activations=s8,symmetric=yes)",
        "int8-static(form=qoperator)", "int8-static(observer=mse)", "int8-static(reduced_range=yes)"}) {
    INFO(recipe);
    const Candidate candidate = candidate_of(graph, recipe, {{"x", x}});
    CHECK(candidate.layers_quantized == 3);
    const std::vector<float> expected = to_floats(evaluate(apply(graph, candidate.plan), {{"x", x}}).front());
    // A rounding that falls the other way moves one code of the last activation; its scale bounds the difference.
    const double step = candidate.plan.values.at("f").scales.front() * 5;
    CHECK(largest_difference(run_file(candidate.artifact.graph, x, false), expected) <= 1e-4);
    CHECK(largest_difference(run_file(candidate.artifact.graph, x, true), expected) <= step);
    const std::vector<float> original = to_floats(evaluate(graph, {{"x", x}}).front());
    CHECK(largest_difference(expected, original) > 0);
    CHECK(largest_difference(expected, original) < 0.5);
  }
}

TEST_CASE("the QOperator form has no QuantizeLinear but at the border") {
  const Candidate candidate = candidate_of(test::cnn(), "int8-static(form=qoperator)", {{"x", image(9)}});
  CHECK(has_op(candidate.artifact.graph, "QLinearConv"));
  CHECK(has_op(candidate.artifact.graph, "QLinearAdd"));
  CHECK_FALSE(has_op(candidate.artifact.graph, "Conv"));
  CHECK_FALSE(has_op(candidate.artifact.graph, "Relu"));
}

TEST_CASE("every recipe of a transformer's parts stays close to the float model") {
  const Graph graph = test::mixer();
  const std::map<std::string, Tensor> inputs{{"ids", tokens()}};
  const std::vector<float> original = to_floats(evaluate(graph, inputs).front());
  struct Row {
    const char* recipe;
    double bound;  // of the relative error: a weight's rounding adds 2 sigma / 2^(bits-1) / sqrt(12), and three are in
                   // a row
    const char* op;  // that the lowered graph must have
  };
  const Row rows[] = {
      {"int8-static", 0.02, "GatherBlockQuantized"},
      {"int8-dynamic", 0.02, "MatMulInteger"},
      {"int8-dynamic(per_channel=no,embeddings=no)", 0.02, "Gather"},
      {"weight-only(bits=8,block=32,accuracy_level=1)", 0.015, "MatMulNBits"},
      {"weight-only(bits=4,block=16,symmetric=no,accuracy_level=1)", 0.2, "MatMulNBits"},
      {"weight-only(bits=4,block=16,accuracy_level=1)", 0.2, "MatMulNBits"},
      {"fp16", 0.001, "Cast"},
      {"bf16", 0.01, "Cast"},
      {"weight-only(keep_float=m2,accuracy_level=1)+int8-dynamic(keep_float=m1|Gather)", 0.2, "MatMulInteger"},
      {"int8-static(keep_float=m1|Gather)+weight-only(keep_float=m2,accuracy_level=1)", 0.2, "MatMulNBits"},
      {"weight-only(keep_float=m2,accuracy_level=1)+fp16(keep_float=m1|Gather)", 0.2, "MatMulNBits"},
  };
  for (const Row& row : rows) {
    INFO(row.recipe);
    const Candidate candidate = candidate_of(graph, row.recipe, inputs);
    CHECK(has_op(candidate.artifact.graph, row.op));
    const std::vector<float> met = run_file(candidate.artifact.graph, tokens(), true);
    CHECK(relative_error(met, original) > 0);
    CHECK(relative_error(met, original) < row.bound);
  }
}

TEST_CASE("weight-only computes what its canonical form says") {
  const Graph graph = test::mixer();
  for (const char* recipe : {"weight-only(bits=4,block=32,accuracy_level=1)",
                             "weight-only(bits=8,block=16,symmetric=no,accuracy_level=1)"}) {
    INFO(recipe);
    const Candidate candidate = candidate_of(graph, recipe, {});
    Graph canonical = apply(graph, candidate.plan);
    canonical.opsets[""] = 21;  // blocked DequantizeLinear
    const std::vector<float> expected = to_floats(evaluate(canonical, {{"ids", tokens()}}).front());
    CHECK(largest_difference(run_file(candidate.artifact.graph, tokens(), true), expected) < 1e-4);
  }
}

TEST_CASE("the floats that a candidate's codes stand for can be had back from its file") {
  struct Row {
    Graph graph;
    const char* recipe;
    std::map<std::string, Tensor> inputs;
  };
  for (const Row& row :
       {Row{test::mixer(), "weight-only", {{"ids", tokens()}}},
        Row{test::mixer(), "weight-only(bits=8,block=16,symmetric=no)", {{"ids", tokens()}}},
        Row{test::mixer(), "int8-dynamic", {{"ids", tokens()}}}, Row{test::mixer(), "int8-static", {{"ids", tokens()}}},
        Row{test::cnn(), "int8-static", {{"x", image(1)}}},
        Row{test::cnn(), "int8-static(form=qoperator)", {{"x", image(1)}}}}) {
    INFO(row.recipe);
    Graph floats = candidate_of(row.graph, row.recipe, row.inputs).artifact.graph;
    CHECK_FALSE(quantized_nodes(floats).empty());
    REQUIRE(dequantize(floats));
    floats = prepared(floats);
    CHECK(to_sentence(quantized_nodes(floats)) == "");
    const std::vector<float> before = to_floats(evaluate(row.graph, row.inputs).front());
    CHECK(relative_error(to_floats(evaluate(floats, row.inputs).front()), before) < 0.2);
  }
}

TEST_CASE("a recipe that changes nothing is refused") {
  const Graph graph =
      prepared(parse_graph("ir_version 8\nopset \"\" 17\ngraph \"g\" {\n  input %x: float32[N,2]\n  %y: float32[N,2] = "
                           "Relu(%x)\n  output %y: float32[N,2]\n}\n"));
  const auto refusal = [&](const char* recipe) {
    try {
      candidate_of(graph, recipe, {});
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const std::string words = refusal("weight-only(bits=4,block=32)");
  CHECK(words.starts_with("the method changes nothing of this model: it has no node that the method takes"));
  CHECK(refusal("weight-only(bits=8,block=32)") == words);
}

TEST_CASE("a model that is quantized in part is not quantized again") {
  const Graph graph = prepared(parse_graph(
      "ir_version 8\nopset \"\" 17\ngraph \"g\" {\n  input %x: float32[N,16]\n  const %s: float32[] = float32[] {0.5}\n"
      "  const %z: uint8[] = uint8[] {128}\n" +
      test::constant("w", {16, 16}, 1) +
      "  %q: uint8[N,16] = QuantizeLinear(%x, %s, %z)\n  %d: float32[N,16] = DequantizeLinear(%q, %s, %z)\n"
      "  %y: float32[N,16] = MatMul(%d, %w) @ \"y\"\n  output %y: float32[N,16]\n}\n"));
  for (const char* recipe : {"weight-only", "int8-dynamic", "fp16"}) {
    try {
      candidate_of(graph, recipe, {});
      FAIL("it was made");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::Quantization);
      CHECK(std::string(error.what()).find("is quantized already (Q/DQ: 1 DequantizeLinear, 1 QuantizeLinear)") !=
            std::string::npos);
    }
  }
}

TEST_CASE("a weight without elements stays in float") {
  const Graph graph = prepared(parse_graph(
      "ir_version 8\nopset \"\" 17\ngraph \"g\" {\n  input %x: float32[N,16]\n  const %none: float32[16,0] = "
      "float32[16,0] {}\n" +
      test::constant("w", {16, 16}, 1) +
      "  %e: float32[N,0] = MatMul(%x, %none) @ \"empty\"\n  %y: float32[N,16] = MatMul(%x, %w) @ \"full\"\n"
      "  output %e: float32[N,0]\n  output %y: float32[N,16]\n}\n"));
  for (const char* recipe : {"weight-only", "weight-only(bits=8,symmetric=no)"}) {
    const Candidate candidate = candidate_of(graph, recipe, {});
    CHECK(candidate.layers_quantized == 1);
    CHECK(candidate.float_nodes.at(0).reason == "the weight is empty");
  }
}

TEST_CASE("the same plan gives the same bytes") {
  const Graph graph = test::cnn();
  const Candidate a = candidate_of(graph, "int8-static", {{"x", image(9)}}),
                  b = candidate_of(graph, "int8-static", {{"x", image(9)}});
  CHECK(onnx::serialize(a.artifact.graph) == onnx::serialize(b.artifact.graph));
}
