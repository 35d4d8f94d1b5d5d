// Recurrent nodes whose activations are quantized at run time: LSTMs have a kernel, GRUs are taken apart.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "plan/apply_steps.h"
#include "target/lower/dynamic.h"
#include "target/lower/steps.h"

namespace bw {

std::optional<RecurrentWeight> recurrent_weight(const Rewriter& rewriter, ValueId value) {
  const auto weight = decoded_constant(rewriter, value);
  if (!weight) return std::nullopt;
  const Tensor codes = constant(rewriter, weight->codes), scales = constant(rewriter, weight->scale);
  const Shape& shape = codes.shape();
  if (shape.size() != 3) return std::nullopt;
  const bool by_row = weight->block_size == shape[2] && weight->axis == 2;
  const bool by_direction = weight->block_size == 0 && weight->axis == 0 && scales.shape() == Shape{shape[0]};
  if (!by_row && !by_direction && scales.size() != 1) return std::nullopt;
  const Shape wanted = by_row ? Shape{shape[0], shape[1]} : Shape{shape[0]};
  std::vector<float> spread(scales.data<float>().begin(), scales.data<float>().end());
  spread.resize(element_count(wanted), spread.front());
  return RecurrentWeight{rewriter.graph().value(weight->codes).name, codes,
                         Tensor::of<float>(wanted, std::span<const float>(spread))};
}

namespace {

// As DynamicQuantizeLSTM takes a weight.
Codes lstm_operand(Rewriter& rewriter, const RecurrentWeight& weight) {
  const Tensor zeros = Tensor::make(weight.codes.dtype(), weight.scales.shape(), [](std::span<std::byte>) {});
  return {rewriter.add_constant(weight.name + "_recurrent", transposed(weight.codes)),
          rewriter.add_constant(weight.name + "_scales", weight.scales),
          rewriter.add_constant(weight.name + "_zero_points", zeros)};
}

void lower_lstm(Rewriter& rewriter, NodeId id, const RecurrentWeight& weight, const RecurrentWeight& recurrence) {
  const Codes w = lstm_operand(rewriter, weight), r = lstm_operand(rewriter, recurrence);
  Node lowered = rewriter.graph().node(id);
  lowered.op_type = "DynamicQuantizeLSTM";
  lowered.domain = kMicrosoft;
  lowered.inputs.resize(8, kNoValue);
  lowered.inputs[1] = w.codes;
  lowered.inputs[2] = r.codes;
  for (const ValueId extra : {w.scale, w.zero_point, r.scale, r.zero_point}) lowered.inputs.push_back(extra);
  const std::vector<ValueId> outputs = lowered.outputs;
  for (ValueId& output : lowered.outputs)
    if (output != kNoValue) {
      const Value old = rewriter.graph().value(output);
      output = rewriter.add_value(old.name + "_dynamic", old.type);
    }
  const std::vector<ValueId> made = lowered.outputs;
  rewriter.add_node(std::move(lowered));
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i] != kNoValue) rewriter.replace_uses(outputs[i], made[i]);
  remove_unused(rewriter, id);
}

bool is_marked(const Node& node) {
  return std::ranges::any_of(node.metadata, [](const auto& entry) { return entry.first == kPrecisionKey; });
}

}  // namespace

void lower_dynamic_recurrent(Rewriter& rewriter) {
  const std::size_t count = rewriter.graph().nodes.size();
  for (std::size_t n = 0; n < count; ++n) {
    const auto id = static_cast<NodeId>(n);
    const Node& node = rewriter.graph().node(id);
    if (is_removed(rewriter, id) || (!node.is("LSTM") && !node.is("GRU"))) continue;
    if (!is_marked(node) || !decoded_constant(rewriter, node.input(1))) continue;
    const auto w = recurrent_weight(rewriter, node.input(1)), r = recurrent_weight(rewriter, node.input(2));
    if (!w || !r)
      throw Error(ErrorKind::Internal, fmt::format("node '{}' is dynamic, but its weights have no codes", node.name));
    (node.is("LSTM") ? lower_lstm : lower_gru)(rewriter, id, *w, *r);
  }
}

}  // namespace bw
