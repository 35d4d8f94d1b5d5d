// What is known of each operator, in ONE row per operator. The verifier, shape inference, quantization, cost estimates
// and lowering all ask it.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "graph/ops/attribute.h"

namespace bw {

class Inference;
class Operands;

// How the scale of an output relates to that of its first input, for integer kernels.
enum class DataFlow : std::uint8_t {
  Compute,  // makes new values: the output has a range of its own
  Move,     // moves or selects elements: output codes are input codes (Reshape, Transpose, MaxPool, Slice, Gather...)
};

// How many inputs or outputs a node may name, over all opsets that we read.
struct Count {
  int least = 1, most = 1;  // most -1: any number
};

struct OpInfo {
  std::string_view name;
  std::string_view domain = "";
  Count inputs = {}, outputs = {};
  Attributes attributes = {};
  bool in_any_opset = false;  // ONNX Runtime takes it in the default domain whatever opset a model has
  // Types of the outputs (graph/infer/rules.h); nullptr: not known, they stay as the graph states them.
  void (*infer)(Inference& at) = nullptr;
  // How axes of operands hang together (graph/ops/coupling.h has the words, graph/couple/rules.h the rules); nullptr:
  // nothing of them can be cut.
  void (*couple)(Operands& at) = nullptr;
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

// What a node's attribute says, or, where it is left out, the default of the operator's row; some differ before an
// opset. Error(semantic) when it has another type, or is left out and has no default.
inline constexpr std::int64_t kNewestOpset = std::numeric_limits<std::int64_t>::max();
std::int64_t int_of(const Node& node, std::string_view attribute, std::int64_t opset = kNewestOpset);
float float_of(const Node& node, std::string_view attribute, std::int64_t opset = kNewestOpset);
std::string string_of(const Node& node, std::string_view attribute, std::int64_t opset = kNewestOpset);

// Multiply-accumulates and bytes (weights, inputs and outputs) of one node; zeros where shapes are not known.
struct Cost {
  std::uint64_t multiply_accumulates = 0, bytes = 0;
};
Cost cost(const Graph& graph, const Node& node);

}  // namespace bw
