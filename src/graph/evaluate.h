// A slow, plain interpreter of ONNX operators: folds constants, and is the oracle for passes, lowering and exporters.
// Never used to measure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace bw {

inline constexpr std::uint64_t kMostEvaluatedElements = std::uint64_t{1} << 28;  // of one result

// Outputs of one node given its inputs (undefined Tensor where left out). nullopt: the operator is not implemented
// here. Error(semantic) when inputs do not fit the operator, Error(limit) when a result would have more than
// `most_elements`.
std::optional<std::vector<Tensor>> evaluate_node(const Graph& graph, const Node& node,
                                                 const std::vector<Tensor>& inputs,
                                                 std::uint64_t most_elements = kMostEvaluatedElements);

// Outputs of a whole graph, in the order of graph.outputs. Error(unsupported) names the first operator not implemented.
std::vector<Tensor> evaluate(const Graph& graph, const std::map<std::string, Tensor>& inputs);

}  // namespace bw
