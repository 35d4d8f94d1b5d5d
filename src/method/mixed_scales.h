// Values of very different ranges that one scale would code together: boxes in pixels beside scores, in one output.
#pragma once

#include <map>
#include <string>

#include "method/placement.h"

namespace bw {

// Integer nodes (Concat of such inputs, Mul by a constant with such factors) whose result reaches an output of the
// graph with nothing but moves and arithmetic between, and why they had better give floats. `ranges` holds the range of
// every value that placement.range_of names as a source.
std::map<NodeId, std::string> mixed_scales(const Graph& graph, const Target& target, const Placement& placement,
                                           const std::map<ValueId, Range>& ranges);

}  // namespace bw
