// What is known of each operator, in ONE row per operator. Quantization, pruning, cost estimates and lowering all ask
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace bw {

// How the scale of an output relates to that of its first input, for integer kernels.
enum class DataFlow : std::uint8_t {
  Compute,  // makes new values: the output has a range of its own
  Move,     // moves or selects elements: output codes are input codes (Reshape, Transpose, MaxPool, Slice, Gather...)
};

struct OpInfo {
  std::string_view name;
  std::string_view domain;
  int min_inputs, max_inputs;  // max -1: variadic
  int min_outputs, max_outputs;
  DataFlow flow = DataFlow::Compute;
  int weight_input = -1;  // position of the operand that is usually a constant weight
  int bias_input = -1;
  // Axis of a constant weight that carries output channels, given the node and the weight's rank; nullopt: none.
  std::optional<int> (*weight_channel_axis)(const Node& node, int rank) = nullptr;
  // Multiply-accumulates of one run, from static shapes of inputs and outputs; 0 when the operator has none.
  std::uint64_t (*multiply_accumulates)(const Node& node, std::span<const Shape> inputs,
                                        std::span<const Shape> outputs) = nullptr;
};

const OpInfo* find_op(std::string_view op_type, std::string_view domain = "");
inline const OpInfo* find_op(const Node& node) {
  return find_op(node.op_type, node.domain);
}
std::span<const OpInfo> ops();

// Multiply-accumulates and bytes (weights, inputs and outputs) of one node; zeros where shapes are not known.
struct Cost {
  std::uint64_t multiply_accumulates = 0, bytes = 0;
};
Cost cost(const Graph& graph, const Node& node);

}  // namespace bw
