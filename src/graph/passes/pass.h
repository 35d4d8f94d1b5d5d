// Passes rewrite a graph without changing what it computes (up to float rounding where a pass says so).
// A pass is one file in graph/passes/ and one line in the list of passes.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace bw {

struct Pass {
  std::string_view name;
  int version;                // another one when it gives other graphs: plans record with which they were made
  std::string_view says;      // one line for people
  bool (*run)(Graph& graph);  // true when something changed
};

std::span<const Pass> passes();  // in the order in which prepare() runs them

struct PassRun {
  std::string_view name;
  int changes;  // how many times the pass changed something
};

// The form every method starts from: constants and shapes folded, identities and dead code gone, batch normalisation
// folded into its convolution. Runs the passes until none changes anything, verifying after each.
std::vector<PassRun> prepare(Graph& graph, std::span<const Pass> chosen = passes());

// How a plan records a preparation: "fold-constants 1", in the order of the passes.
std::vector<std::string> recorded(std::span<const Pass> passes);
// The passes of a record. Error(Quantization) that names the one that is gone, or is there in another version only.
std::vector<Pass> replayed(std::span<const std::string> record);

}  // namespace bw
