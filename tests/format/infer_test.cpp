// Our shape inference (graph/infer) against the onnx library's, and against what the onnx package's test models state.
// It stands here because models need the reader.
#include "graph/infer.h"

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <set>

#include "base/error.h"
#include "format/onnx/onnx.h"
#include "graph/links.h"

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

// Forgets what is stated of everything that nodes make.
void forget(Graph& graph) {
  for (Node& node : graph.nodes) {
    for (const ValueId id : node.outputs)
      if (id != kNoValue) graph.value(id).type = {};
    for_each_subgraph(node, [](Subgraph& inner) {
      Graph copy = *inner;
      forget(copy);
      inner = std::make_shared<const Graph>(std::move(copy));
    });
  }
}

enum class Verdict { Equal, Better, Worse, Contradictory };

// How two pieces of knowledge relate: ours, theirs.
Verdict weigh(bool ours_known, bool theirs_known, bool equal) {
  if (ours_known && theirs_known) return equal ? Verdict::Equal : Verdict::Contradictory;
  return ours_known ? Verdict::Better : theirs_known ? Verdict::Worse : Verdict::Equal;
}

Verdict worse_of(Verdict a, Verdict b) {
  return std::max(a, b);
}

Verdict compare(const ValueType& ours, const ValueType& theirs);

Verdict compare_dims(const std::vector<Dim>& ours, const std::vector<Dim>& theirs) {
  if (ours.size() != theirs.size()) return Verdict::Contradictory;
  Verdict verdict = Verdict::Equal;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    // A number says more than a symbol, a symbol more than nothing; two symbols may be the same extent.
    if (ours[i].known() || theirs[i].known())
      verdict = worse_of(verdict, weigh(ours[i].known(), theirs[i].known(), ours[i].value == theirs[i].value));
    else
      verdict = worse_of(verdict, weigh(!ours[i].symbol.empty(), !theirs[i].symbol.empty(), true));
  }
  return verdict;
}

Verdict compare(const ValueType& ours, const ValueType& theirs) {
  using Kind = ValueType::Kind;
  if (ours.kind == Kind::Unknown || theirs.kind == Kind::Unknown)
    return weigh(ours.kind != Kind::Unknown, theirs.kind != Kind::Unknown, true);
  if (ours.kind != theirs.kind) return Verdict::Contradictory;
  Verdict verdict = weigh(ours.dtype != DType::Undefined, theirs.dtype != DType::Undefined, ours.dtype == theirs.dtype);
  if (ours.element && theirs.element)
    verdict = worse_of(verdict, compare(*ours.element, *theirs.element));
  else
    verdict = worse_of(verdict, weigh(ours.element != nullptr, theirs.element != nullptr, true));
  if (ours.shape && theirs.shape) return worse_of(verdict, compare_dims(*ours.shape, *theirs.shape));
  return worse_of(verdict, weigh(ours.shape.has_value(), theirs.shape.has_value(), true));
}

struct Tally {
  std::map<Verdict, int> counts;
  std::map<std::string, int> worse;  // by operator
  std::vector<std::string> contradictions;
  std::vector<std::string> examples;

  void add(const Node& node, const std::string& model, const ValueType& ours, const ValueType& theirs) {
    const Verdict verdict = compare(ours, theirs);
    ++counts[verdict];
    const std::string line =
        model + ", " + node.op_type + ": " + to_string(ours) + ", the library says " + to_string(theirs);
    if (verdict == Verdict::Worse && ++worse[node.op_type] <= 3) examples.push_back(line);
    if (verdict == Verdict::Contradictory) contradictions.push_back(line);
  }
};

// Both graphs are the same but for types.
void tally_graph(const Graph& ours, const Graph& theirs, const std::string& model, Tally& tally) {
  for (std::size_t n = 0; n < ours.nodes.size(); ++n) {
    const Node& node = ours.nodes[n];
    for (const ValueId id : node.outputs)
      if (id != kNoValue) tally.add(node, model, ours.value(id).type, theirs.value(id).type);
    std::vector<Subgraph> inside;
    for_each_subgraph(theirs.nodes[n], [&](const Subgraph& inner) { inside.push_back(inner); });
    std::size_t next = 0;
    for_each_subgraph(node, [&](const Subgraph& inner) { tally_graph(*inner, *inside[next++], model, tally); });
  }
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
  Tally tally;
  for (Graph ours : all) {
    const std::string name = ours.name;
    forget(ours);
    Graph theirs = ours;
    onnx::infer_types(theirs);
    try {
      infer(ours);
    } catch (const Error& error) {
      tally.contradictions.push_back(name + ": " + error.what());
      continue;
    }
    tally_graph(ours, theirs, name, tally);
  }
  std::string summary = std::to_string(all.size()) + " models; outputs equal " +
                        std::to_string(tally.counts[Verdict::Equal]) + ", better " +
                        std::to_string(tally.counts[Verdict::Better]) + ", worse " +
                        std::to_string(tally.counts[Verdict::Worse]) + ":";
  for (const auto& [op, count] : tally.worse) summary += " " + op + " " + std::to_string(count);
  for (const std::string& line : tally.examples) summary += "\n" + line;
  for (const std::string& line : tally.contradictions) summary += "\ncontradictory: " + line;
  INFO(summary);
  if (std::getenv("BW_SHOW_INFER")) WARN(summary);
  CHECK(tally.contradictions.empty());
  // The library gives the elements of a sequence that grows in a loop the shape of those it began with.
  CHECK(tally.worse == std::map<std::string, int>{{"Loop", 1}});
  CHECK(tally.counts[Verdict::Equal] > 17'000);
  CHECK(tally.counts[Verdict::Better] > 1'500);
}

}  // namespace
}  // namespace bw
