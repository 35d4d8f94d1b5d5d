// How the axes of a node's operands hang together: what follows when a channel, one slice of an axis, is taken away.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace bw {

// What ties two axes; slice c of `a` stands for the slices of `b` that Coupling::slices names.
enum class Tie : std::uint8_t {
  // One axis is an input's, the other an output's. A slice of the output depends on its own slices of that input and on
  // no others along that axis: the same axis of Relu; the axis of a weight that makes output channels; the parts of
  // Concat and Split; axes that are merged or split by Reshape.
  Each,
  // The same, but a slice of the output depends on all slices along the axis, which have to keep step all the same:
  // Softmax, the axes that a normalization takes its statistics over.
  Mixed,
  // Both are inputs, whose slices meet as the factors of one term of a sum: where one of them is zero, the other does
  // not matter, and without both the sum has one term less. The axes that MatMul, Conv and their kin sum over. Where
  // `b`
  // is an output, it is the state that comes back with the next step (the hidden units of LSTM, and the columns of R).
  Summed,
  // One axis is an input's, the other an output's; both are cut into `groups` equal parts, one after the other, and
  // part
  // g of the output depends on part g of that input alone. The operator counts the parts itself (Conv: group,
  // GroupNormalization: num_groups, attention: heads). Of a depthwise convolution a part is one channel.
  Grouped,
  // A hidden unit of a recurrent layer (`a`, of the output) and its slices of a weight, bias or state (`b`), one for
  // each
  // gate: Each, as long as nothing comes back (Summed with an output).
  Gated,
};

struct OperandAxis {
  bool is_output = false;
  int operand = 0;  // position among the node's inputs or outputs
  int axis = 0;     // from the front
  friend bool operator==(const OperandAxis&, const OperandAxis&) = default;
};

struct Coupling {
  Tie tie;
  OperandAxis a, b;
  std::int64_t outer = 1, inner = 1, offset = 0;
  std::int64_t groups = 1;  // of Grouped

  // The slices of `b` that slice c of `a` stands for, where `a` has n slices: offset + (o * n + c) * inner + r for
  // 0 <= o < outer and 0 <= r < inner. Not of Grouped.
  std::vector<std::int64_t> slices(std::int64_t c, std::int64_t n) const;
};

// What the operator's row says of a node's axes, where the shapes that it needs are known (graph/infer.h). What no
// coupling names cannot be cut: an axis of one element, an axis that is folded away, an operator without a rule.
std::vector<Coupling> couplings(const Graph& graph, const Node& node);

}  // namespace bw
