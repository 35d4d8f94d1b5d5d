// LSTM, GRU, RNN: X [steps, batch, in], W [directions, gates * hidden, in], R [directions, gates * hidden, hidden].
#include <algorithm>

#include "graph/ops/families.h"

namespace bw {

namespace {

using namespace row;

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
    {.name = "GRU",
     .inputs = {3, 6},
     .outputs = {0, 2},
     .attributes = {numbers("activation_alpha"), numbers("activation_beta"), texts("activations"), number("clip"),
                    text("direction", "forward"), integer("hidden_size"), integer("layout", 0),
                    integer("linear_before_reset", 0)},
     .infer = rule::recurrent,
     .couple = couple::recurrent,
     .weight_input = 1,
     .bias_input = 3,
     .weight_channel_axis = gate_axis,
     .multiply_accumulates = recurrent_work},
    {.name = "LSTM",
     .inputs = {3, 8},
     .outputs = {0, 3},
     .attributes = {numbers("activation_alpha"), numbers("activation_beta"), texts("activations"), number("clip"),
                    text("direction", "forward"), integer("hidden_size"), integer("input_forget", 0),
                    integer("layout", 0)},
     .infer = rule::recurrent,
     .couple = couple::recurrent,
     .weight_input = 1,
     .bias_input = 3,
     .weight_channel_axis = gate_axis,
     .multiply_accumulates = recurrent_work},
    {.name = "RNN",
     .inputs = {3, 6},
     .outputs = {0, 2},
     .attributes = {numbers("activation_alpha"), numbers("activation_beta"), texts("activations"), number("clip"),
                    text("direction", "forward"), integer("hidden_size"), integer("layout", 0)},
     .infer = rule::recurrent,
     .couple = couple::recurrent,
     .weight_input = 1,
     .bias_input = 3,
     .weight_channel_axis = gate_axis,
     .multiply_accumulates = recurrent_work},
    {.name = "DynamicQuantizeLSTM",
     .domain = kMicrosoft,
     .inputs = {12, 12},
     .outputs = {0, 3},
     .attributes = {numbers("activation_alpha"), numbers("activation_beta"), texts("activations"), number("clip"),
                    text("direction", "forward"), integer("hidden_size"), integer("input_forget", 0)},
     .infer = rule::recurrent,
     .weight_input = 1,
     .bias_input = 3,
     .weight_channel_axis = transposed_gate_axis,
     .multiply_accumulates = recurrent_work},
};

}  // namespace

std::span<const OpInfo> recurrent_ops() {
  return kOps;
}

}  // namespace bw
