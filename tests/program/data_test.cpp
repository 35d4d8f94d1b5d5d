// Data as users have it, through the built program: the float model must be as right as its labels say.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "archive/npy.h"
#include "base/file.h"
#include "base/json.h"
#include "format/onnx/onnx.h"
#include "graph/evaluate.h"
#include "graph/text.h"
#include "program/program.h"
#include "program/world.h"

using namespace bw;
using namespace bw::test;

namespace {

constexpr std::int64_t kRows = 40;

// Scores from time steps along the first axis, a state whose samples lie along the second, and a scalar.
Graph stateful() {
  Graph graph = parse_graph(R"(ir_version 8
opset "" 17
graph "stateful" {
  input %x: float32[6,N,4]
  input %state: float32[1,N,4]
  input %gain: float32[]
  const %w: float32[4,16] = float32[4,16] {1, -2, 3, 0, 1, -1, 2, 2, -3, 1, 0, 1, 2, -2, 1, 1, 0, 1, 2, -1, 3, 1, -2, 0, 1, 1, -1, 2, 0, -3, 2, 1, 2, 2, -1, 1, 0, 0, 1, -3, 2, -1, 1, 1, 3, 0, -2, 1, -1, 1, 0, 2, -2, 3, 1, 1, 0, 2, 1, -1, 1, 2, 0, -2}
  %stepped: float32[6,N,4] = Mul(%x, %x)
  %mixed: float32[6,N,4] = Add(%stepped, %state)
  %h: float32[N,4] = ReduceMean(%mixed) {axes = ints [0], keepdims = 0}
  %loud: float32[N,4] = Mul(%h, %gain)
  %y: float32[N,16] = MatMul(%loud, %w)
  output %y
}
)");
  return graph;
}

// Sample i of rows [kRows, first, 4] as a batch of one: [first, 1, 4].
Tensor as_fed(const Tensor& rows, std::size_t i) {
  const Tensor row = row_of(rows, i);
  return row.reshaped({row.shape()[0], 1, 4});
}

void put_stateful(const World& world) {
  const Graph graph = stateful();
  onnx::write(graph, world / "m.onnx");
  onnx::write(graph, world / "copy.onnx");
  const Tensor x = normal({kRows, 6, 4}, 1), state = normal({kRows, 1, 4}, 2), gain = normal({kRows}, 3);
  const Tensor labels = Tensor::fill<std::int64_t>({kRows}, [&](std::span<std::int64_t> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      const Tensor y =
          evaluate(graph, {{"x", as_fed(x, i)}, {"state", as_fed(state, i)}, {"gain", row_of(gain, i)}}).front();
      const auto scores = y.data<float>();
      out[i] = std::max_element(scores.begin(), scores.end()) - scores.begin();
    }
  });
  write_npz({{"x", x}, {"state", state}, {"gain", gain}, {"y", labels}}, world / "d.npz");
}

Setting here(const World& world) {
  return {.environment = {}, .folder = world.path(), .output = {}, .largest_file = 0};
}

double top1(const Outcome& compared) {
  INFO(compared.err);
  REQUIRE(compared.code == 0);
  const Json result = parse_json(compared.out, "compare");
  return result["models"][0]["candidates"][0]["accuracy"]["metrics"][0]["original"]["value"].get<double>();
}

}  // namespace

TEST_CASE("time steps first, a state and a scalar: the float model is right on its own answers") {
  const World world;
  put_stateful(world);
  CHECK(top1(bitwright({"compare", "m.onnx", "copy.onnx", "--data", "d.npz", "--latency-seconds", "0.05", "--json"},
                       here(world))) == 1);
  const Outcome quantized = bitwright({"quantize", "m.onnx", "--data", "d.npz", "-o", "q.onnx"}, here(world));
  INFO(quantized.err);
  REQUIRE(quantized.code == 0);
  CHECK(has(quantized.err, "guessed: input \"x\" counts the samples along its axis 1"));
  CHECK(has(quantized.err, "Calibrated with 40 samples"));  // all of them: nothing is evaluated
}

TEST_CASE("constants and zeros stand in for what the data does not hold") {
  const World world;
  put_stateful(world);
  write_npz({{"x", normal({kRows, 6, 4}, 1)}}, world / "d.npz");
  const std::vector<std::string> command{"compare", "m.onnx", "copy.onnx",         "--data",
                                         "d.yaml",  "--json", "--latency-seconds", "0.05"};
  world.write_text("d.yaml", "version: 1\nsource: {path: d.npz}\ninputs: {state: {from: zeros}}\n");
  const Outcome missing = bitwright(command, here(world));
  CHECK(missing.code == 3);
  CHECK(has(missing.err, "input \"gain\": nothing in the data fits it"));
  CHECK(has(missing.err, "gain: {from: COLUMN}}, or {from: zeros}, or {from: constant, value: 16000}"));
  world.write_text(
      "d.yaml",
      "version: 1\nsource: {path: d.npz}\ninputs: {state: {from: zeros}, gain: {from: constant, value: 3}}\n");
  const Outcome fed = bitwright(command, here(world));
  INFO(fed.err);
  CHECK(fed.code == 0);
}

TEST_CASE("data keys prints the page of dataset.yaml, and mistakes lead to it") {
  const World world;
  const Outcome page = bitwright({"data", "keys"});
  CHECK(page.code == 0);
  CHECK(page.out == read_file(std::filesystem::path(BW_SOURCE) / "docs/dataset.md"));
  CHECK(parse_json(bitwright({"data", "keys", "--json"}).out, "data keys").size() > 30);
  world.write_text("data/dataset.yaml", "version: 1\nlable: {from: y}\n");
  const Outcome wrong = bitwright({"data", "check", "data", "--model", "cnn.onnx"}, here(world));
  CHECK(wrong.code == 3);
  CHECK(has(wrong.err, "Did you mean 'label'?"));
  CHECK(has(wrong.err, "'bitwright data keys' explains every key"));
}
