// Weights that no method reaches: those in the bodies of If, Loop and Scan.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace bw {

// Nodes in the bodies of If, Loop and Scan whose operator takes a weight, and has a constant one.
struct BodyWeights {
  std::string node, op;  // which holds the body
  std::size_t count = 0;
};
std::vector<BodyWeights> weights_in_bodies(const Graph& graph);
// "2 weights in the body of 'If_0' (If)"; empty when there are none.
std::string to_sentence(const std::vector<BodyWeights>& bodies);

}  // namespace bw
