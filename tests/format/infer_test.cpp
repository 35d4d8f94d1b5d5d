// Our shape inference (graph/infer) against the onnx library's, and against what the onnx package's test models state.
// It stands here because models need the reader.
#include "graph/infer.h"

#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "format/onnx/onnx.h"
#include "format/ort_oracle.h"
#include "format/types_compared.h"
#include "graph/coupling_instances.h"

namespace bw {
namespace {

std::vector<Graph> models() {
  std::vector<fs::path> folders;
  if (fs::exists(BW_CORPUS))
    for (const auto& entry : fs::directory_iterator(BW_CORPUS)) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  std::vector<Graph> graphs;
  for (const fs::path& folder : folders) {
    try {
      graphs.push_back(onnx::read(folder / "model.onnx"));
      graphs.back().name = folder.filename();
    } catch (const Error&) {
      continue;  // tests/format/corpus_test.cpp counts them
    }
  }
  return graphs;
}

TEST_CASE("what the onnx package's test models state of their outputs is what the rules say", "[infer]") {
  const std::vector<Graph> all = models();
  if (all.empty()) SKIP("the models are not there: deps/fetch test");
  std::string wrong;
  for (const Graph& graph : all) {
    Graph copy = graph;
    try {
      infer(copy);
      CHECK(content_hash(copy) == content_hash(graph));
    } catch (const Error& error) {
      wrong += graph.name + ": " + error.what() + "\n";
    }
  }
  CHECK(wrong == "");
}

TEST_CASE("our shape inference knows what the onnx library's knows, and contradicts it nowhere", "[infer]") {
  const std::vector<Graph> all = models();
  if (all.empty()) SKIP("the models are not there: deps/fetch test");
  test::TypesCompared tally;
  for (Graph ours : all) {
    const std::string name = ours.name;
    test::forget_types(ours);
    Graph theirs = ours;
    onnx::infer_types(theirs);
    try {
      infer(ours);
    } catch (const Error& error) {
      tally.contradictions.push_back(name + ": " + error.what());
      continue;
    }
    tally.add(ours, theirs, name);
  }
  std::string summary = std::to_string(all.size()) + " models; outputs equal " +
                        std::to_string(tally.counts[test::Verdict::Equal]) + ", better " +
                        std::to_string(tally.counts[test::Verdict::Better]) + ", worse " +
                        std::to_string(tally.counts[test::Verdict::Worse]) + ":";
  for (const auto& [op, count] : tally.worse) summary += " " + op + " " + std::to_string(count);
  for (const std::string& line : tally.examples) summary += "\n" + line;
  for (const std::string& line : tally.contradictions) summary += "\ncontradictory: " + line;
  INFO(summary);
  if (std::getenv("BW_SHOW_INFER")) WARN(summary);
  CHECK(tally.contradictions.empty());
  // The library gives the elements of a sequence that grows in a loop the shape of those it began with.
  CHECK(tally.worse == std::map<std::string, int>{{"Loop", 1}});
  CHECK(tally.counts[test::Verdict::Equal] > 17'000);
  CHECK(tally.counts[test::Verdict::Better] > 1'500);
}

// Beside those that have couplings.
std::vector<test::Instance> more_of_the_runtime() {
  const std::string scale = "float32[] {0.5}", zero = "uint8[] {0}";
  const auto microsoft = [](const std::string& op) { return "\"com.microsoft\":" + op; };
  return {
      {microsoft("DynamicQuantizeLSTM"),
       {"float32[3,2,5]", "int8[1,5,16]", "int8[1,4,16]", "float32[1,32]", "_", "_", "_", "_", "float32[1] {0.1}",
        "int8[1] {0}", "float32[1] {0.1}", "int8[1] {0}"},
       "hidden_size = 4",
       3},
      {microsoft("QGemm"),
       {"uint8[2,4]", scale, zero, "uint8[3,4]", scale, zero, "int32[3]", scale, zero},
       "transB = 1"},
      {microsoft("QGemm"), {"uint8[2,4]", scale, zero, "uint8[4,3]", scale, zero}, "transB = 0"},
      {microsoft("QLinearSoftmax"), {"uint8[2,3,4]", scale, zero, "float32[] {0.01}", zero}, "axis = -1, opset = 13"},
      {microsoft("QAttention"),
       {"uint8[2,3,6]", "uint8[6,24]", "float32[24]", scale, scale, "_", zero, zero},
       "num_heads = 2"},
      {microsoft("RotaryEmbedding"),
       {"float32[2,4,3,6]", "int64[2,3] {0, 1, 2, 0, 1, 2}", "float32[8,3]", "float32[8,3]"}},
      {microsoft("GatherBlockQuantized"),
       {"uint8[5,16]", "int64[2] {0, 3}", "float32[5,2]"},
       "block_size = 16, bits = 4"},
      {microsoft("EmbedLayerNormalization"),
       {"int32[2,3] {0, 1, 2, 0, 1, 2}", "int32[2,3] {0, 1, 0, 0, 1, 0}", "float32[4,8]", "float32[5,8]",
        "float32[2,8]", "float32[8]", "float32[8]"},
       "",
       2},
  };
}

TEST_CASE("types of ONNX Runtime's operators are those of what it computes", "[infer]") {
  std::vector<test::Instance> all = test::runtime_instances();
  for (test::Instance& one : more_of_the_runtime()) all.push_back(std::move(one));
  for (const test::Instance& one : all) {
    CAPTURE(one.op, one.attributes, one.inputs);
    test::Case made = test::made(one, 7);
    infer(made.graph);
    std::map<std::string, Tensor> given;
    for (std::size_t i = 0; i < made.inputs.size(); ++i)
      if (made.inputs[i].defined()) given[made.graph.value(made.graph.nodes[0].inputs[i]).name] = made.inputs[i];
    std::vector<Tensor> computed;
    CHECK_NOTHROW(computed = test::computed_in_ort(made.graph, given));
    for (std::size_t k = 0; k < computed.size(); ++k)
      CHECK(to_string(made.graph.value(made.graph.outputs[k]).type) ==
            to_string(ValueType::tensor(computed[k].dtype(), computed[k].shape())));
  }
}

}  // namespace
}  // namespace bw
