// Our shape inference (graph/infer) against the onnx library's, and against what the onnx package's test models state.
// It stands here because models need the reader.
#include "graph/infer.h"

#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "format/onnx/onnx.h"
#include "format/types_compared.h"

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

}  // namespace
}  // namespace bw
