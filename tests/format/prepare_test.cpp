// prepare() on real models. It stands here because reading them needs the reader.
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "format/onnx/onnx.h"
#include "graph/evaluate.h"
#include "graph/passes/pass.h"
#include "tensor/convert.h"

namespace bw {
namespace {

fs::path zoo_model(const std::string& name) {
  const char* zoo = std::getenv("BITWRIGHT_ZOO");
  const char* cache = std::getenv("BITWRIGHT_CACHE");
  const char* home = std::getenv("HOME");
  const fs::path root =
      zoo ? fs::path(zoo) : (cache ? fs::path(cache) : fs::path(home ? home : "") / ".cache/bitwright") / "zoo";
  return root / "models" / (name + ".onnx");
}

Graph prepared(const std::string& name) {
  Graph graph = onnx::read(zoo_model(name));
  onnx::infer_types(graph);
  prepare(graph);
  return graph;
}

// What a graph is, but for the names of inner values and the opset.
std::vector<std::string> skeleton(const Graph& graph) {
  std::vector<std::string> lines;
  for (const Node& node : graph.nodes) {
    std::string line = node.op_type;
    for (ValueId id : node.inputs) line += id == kNoValue ? " -" : graph.value(id).initializer.defined() ? " c" : " v";
    lines.push_back(line);
  }
  return lines;
}

TEST_CASE("a raw export comes out of prepare equal to the tidy one", "[prepare]") {
  if (!fs::exists(zoo_model("resnet20"))) SKIP("the zoo is not built");
  Graph raw = prepared("resnet20-raw"), tidy = prepared("resnet20");
  CHECK(skeleton(raw) == skeleton(tidy));
  raw.opsets = tidy.opsets;
  CHECK(content_hash(raw) == content_hash(tidy));
}

TEST_CASE("prepare is done when it is done", "[prepare]") {
  if (!fs::exists(zoo_model("resnet20"))) SKIP("the zoo is not built");
  for (const std::string name :
       {"resnet20", "resnet20-raw", "efficientnet-lite0", "minilm-sst2", "lstm-sst2", "gpt-ptb"}) {
    CAPTURE(name);
    Graph graph = prepared(name);
    const std::string hash = content_hash(graph);
    for (const PassRun& run : prepare(graph)) CHECK(run.changes == 0);
    CHECK(content_hash(graph) == hash);
  }
}

Tensor ramp(const Shape& shape) {
  return Tensor::fill<float>(shape, [](std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = std::sin(static_cast<float>(i) * 0.37f);
  });
}

TEST_CASE("prepare does not change what a network computes", "[prepare]") {
  if (!fs::exists(zoo_model("resnet20-raw"))) SKIP("the zoo is not built");
  Graph before = onnx::read(zoo_model("resnet20-raw"));
  onnx::infer_types(before);
  Graph after = before;
  prepare(after);
  const std::map<std::string, Tensor> inputs{{"input", ramp({2, 3, 32, 32})}};
  const std::vector<double> a = to_doubles(evaluate(before, inputs).at(0)),
                            b = to_doubles(evaluate(after, inputs).at(0));
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(std::fabs(a[i] - b[i]) < 1e-4);
}

}  // namespace
}  // namespace bw
