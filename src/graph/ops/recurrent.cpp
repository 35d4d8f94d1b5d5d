// LSTM, GRU, RNN: X [steps, batch, in], W [directions, gates * hidden, in], R [directions, gates * hidden, hidden].
#include <algorithm>

#include "graph/ops/families.h"

namespace bw {

namespace {

std::uint64_t recurrent_work(const Node&, std::span<const Shape> inputs, std::span<const Shape>) {
  const std::uint64_t steps_and_batch =
      element_count(std::span(inputs[0]).first(std::min<std::size_t>(2, inputs[0].size())));
  return steps_and_batch * (element_count(inputs[1]) + element_count(inputs[2]));
}

// W and R have one output channel a row of each direction.
std::optional<int> gate_axis(const Node&, int) {
  return 1;
}
// Stored transposed: [directions, in, gates * hidden].
std::optional<int> transposed_gate_axis(const Node&, int) {
  return 2;
}

constexpr OpInfo kOps[] = {
    {"GRU", "", 3, 6, 0, 2, DataFlow::Compute, 1, 3, gate_axis, recurrent_work},
    {"LSTM", "", 3, 8, 0, 3, DataFlow::Compute, 1, 3, gate_axis, recurrent_work},
    {"RNN", "", 3, 6, 0, 2, DataFlow::Compute, 1, 3, gate_axis, recurrent_work},
    {"DynamicQuantizeLSTM", "com.microsoft", 12, 12, 0, 3, DataFlow::Compute, 1, 3, transposed_gate_axis,
     recurrent_work},
};

}  // namespace

std::span<const OpInfo> recurrent_ops() {
  return kOps;
}

}  // namespace bw
