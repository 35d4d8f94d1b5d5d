// What two shape inferences know of the same graph.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/links.h"

namespace bw::test {

// Forgets what is stated of everything that nodes make.
inline void forget_types(Graph& graph) {
  for (Node& node : graph.nodes) {
    for (const ValueId id : node.outputs)
      if (id != kNoValue) graph.value(id).type = {};
    for_each_subgraph(node, [](Subgraph& inner) {
      Graph copy = *inner;
      forget_types(copy);
      inner = std::make_shared<const Graph>(std::move(copy));
    });
  }
}

// Of the first beside the second.
enum class Verdict { Equal, Better, Worse, Contradictory };

// How two pieces of knowledge relate: ours, theirs.
inline Verdict weigh(bool ours_known, bool theirs_known, bool equal) {
  if (ours_known && theirs_known) return equal ? Verdict::Equal : Verdict::Contradictory;
  return ours_known ? Verdict::Better : theirs_known ? Verdict::Worse : Verdict::Equal;
}

inline Verdict worse_of(Verdict a, Verdict b) {
  return std::max(a, b);
}

inline Verdict compare(const ValueType& ours, const ValueType& theirs);

inline Verdict compare_dims(const std::vector<Dim>& ours, const std::vector<Dim>& theirs) {
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

inline Verdict compare(const ValueType& ours, const ValueType& theirs) {
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

// What two inferences know of all outputs of the nodes of some models.
struct TypesCompared {
  std::map<Verdict, int> counts;
  std::map<std::string, int> worse;  // by operator
  std::vector<std::string> contradictions;
  std::vector<std::string> examples;  // of what is worse, some of each operator

  // Both graphs are the same but for types.
  void add(const Graph& ours, const Graph& theirs, const std::string& model) {
    for (std::size_t n = 0; n < ours.nodes.size(); ++n) {
      const Node& node = ours.nodes[n];
      for (const ValueId id : node.outputs)
        if (id != kNoValue) add(node, ours.value(id).type, theirs.value(id).type, model);
      std::vector<Subgraph> inside;
      for_each_subgraph(theirs.nodes[n], [&](const Subgraph& inner) { inside.push_back(inner); });
      std::size_t next = 0;
      for_each_subgraph(node, [&](const Subgraph& inner) { add(*inner, *inside[next++], model); });
    }
  }

  void add(const Node& node, const ValueType& ours, const ValueType& theirs, const std::string& model) {
    const Verdict verdict = compare(ours, theirs);
    ++counts[verdict];
    const std::string line = model + ", " + node.op_type + " '" + node.name + "': " + to_string(ours) +
                             ", the library says " + to_string(theirs);
    if (verdict == Verdict::Worse && ++worse[node.op_type] <= 3) examples.push_back(line);
    if (verdict == Verdict::Contradictory) contradictions.push_back(line);
  }
};

}  // namespace bw::test
