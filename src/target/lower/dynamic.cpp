// Products and recurrent nodes whose activations are quantized at run time.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "graph/ops/product.h"
#include "plan/apply_steps.h"
#include "target/lower/steps.h"
#include "tensor/convert.h"
#include "tensor/transposed.h"

namespace bw {
namespace {

// The last two axes exchanged, for codes of any integer type: of a matrix, and of LSTM weights [directions, 4*hidden,
// in], which the runtime's kernel stores [directions, in, 4*hidden].
Tensor transposed(const Tensor& codes) {
  Shape shape = codes.shape();
  const std::size_t last = shape.size() - 1;
  const std::vector<std::int64_t> turned =
      bw::transposed(std::span<const std::int64_t>(to_int64s(codes)), static_cast<std::size_t>(shape[last - 1]),
                     static_cast<std::size_t>(shape[last]));
  std::swap(shape[last - 1], shape[last]);
  return cast(Tensor::of<std::int64_t>(shape, std::span<const std::int64_t>(turned)), codes.dtype());
}

// DynamicQuantizeLinear -> DequantizeLinear feeding a product.
std::optional<Decoded> dynamic_operand(const Rewriter& rewriter, ValueId value) {
  const auto found = decoded(rewriter, value);
  if (!found || rewriter.producer(found->codes) == kNoNode) return std::nullopt;
  return rewriter.graph().node(rewriter.producer(found->codes)).is("DynamicQuantizeLinear") ? found : std::nullopt;
}

// x * w with x quantized at run time: MatMulInteger, Cast, and one Mul by the product of the scales; the runtime fuses
// these four and a following Add of a bias.
void lower_product(Rewriter& rewriter, NodeId id, const Product& product, const Decoded& x, const Decoded& weight) {
  const Node node = rewriter.graph().node(id);
  ValueId codes = weight.codes;
  if (product.transposed)
    codes = rewriter.add_constant(rewriter.graph().value(codes).name + "_transposed",
                                  transposed(constant(rewriter, codes)));
  const Value output = rewriter.graph().value(node.output(0));
  ValueType int32 = output.type;
  int32.dtype = DType::Int32;
  const ValueId sums = rewriter.add_op("MatMulInteger", {x.codes, codes, x.zero_point, weight.zero_point}, {},
                                       output.name + "_sums", int32);
  const ValueId wide = rewriter.add_op("Cast", {sums}, {{"to", std::int64_t{static_cast<int>(DType::Float32)}, {}}},
                                       output.name + "_cast", output.type);
  const ValueId scale = rewriter.add_op("Mul", {x.scale, weight.scale}, {}, output.name + "_scale");
  ValueId result = rewriter.add_op("Mul", {wide, scale}, {}, output.name + "_scaled", output.type);
  if (product.bias != kNoValue)
    result = rewriter.add_op("Add", {result, product.bias}, {}, output.name + "_biased", output.type);
  replace_node(rewriter, id, result);
}

// Scales of one weight: [directions, 4*hidden] from blocks that span a row, [directions] from one for each or for all.
struct RecurrentOperand {
  ValueId codes, scale, zero_point;
};
std::optional<RecurrentOperand> recurrent_operand(Rewriter& rewriter, ValueId value) {
  const auto weight = decoded_constant(rewriter, value);
  if (!weight) return std::nullopt;
  const Tensor codes = constant(rewriter, weight->codes), scales = constant(rewriter, weight->scale);
  const Shape& shape = codes.shape();
  const bool by_row = weight->block_size == shape[2] && weight->axis == 2;
  const bool by_direction = weight->block_size == 0 && weight->axis == 0 && scales.shape() == Shape{shape[0]};
  if (!by_row && !by_direction && scales.size() != 1) return std::nullopt;
  const Shape wanted = by_row ? Shape{shape[0], shape[1]} : Shape{shape[0]};
  std::vector<float> spread(scales.data<float>().begin(), scales.data<float>().end());
  spread.resize(element_count(wanted), spread.front());
  const std::string name = rewriter.graph().value(weight->codes).name;
  const Tensor zeros = Tensor::make(codes.dtype(), wanted, [](std::span<std::byte>) {});
  return RecurrentOperand{
      rewriter.add_constant(name + "_recurrent", transposed(codes)),
      rewriter.add_constant(name + "_scales", Tensor::of<float>(wanted, std::span<const float>(spread))),
      rewriter.add_constant(name + "_zero_points", zeros)};
}

void lower_lstm(Rewriter& rewriter, NodeId id) {
  const auto w = recurrent_operand(rewriter, rewriter.graph().node(id).input(1));
  const auto r = recurrent_operand(rewriter, rewriter.graph().node(id).input(2));
  if (!w || !r)
    throw Error(ErrorKind::Internal,
                fmt::format("node '{}' is dynamic, but its weights have no codes", rewriter.graph().node(id).name));
  Node lowered = rewriter.graph().node(id);
  lowered.op_type = "DynamicQuantizeLSTM";
  lowered.domain = kMicrosoft;
  lowered.inputs.resize(8, kNoValue);
  lowered.inputs[1] = w->codes;
  lowered.inputs[2] = r->codes;
  for (const ValueId extra : {w->scale, w->zero_point, r->scale, r->zero_point}) lowered.inputs.push_back(extra);
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

}  // namespace

void lower_dynamic_products(Rewriter& rewriter) {
  const std::size_t count = rewriter.graph().nodes.size();
  for (std::size_t n = 0; n < count; ++n) {
    const Node& node = rewriter.graph().nodes[n];
    if (is_removed(rewriter, static_cast<NodeId>(n))) continue;
    const auto product = plain_product(node);
    if (!product) continue;
    const auto x = dynamic_operand(rewriter, product->x);
    const auto weight = decoded_constant(rewriter, product->weight);
    if (x && weight && weight->block_size == 0) lower_product(rewriter, static_cast<NodeId>(n), *product, *x, *weight);
  }
}

void lower_dynamic_recurrent(Rewriter& rewriter) {
  const std::size_t count = rewriter.graph().nodes.size();
  for (std::size_t n = 0; n < count; ++n) {
    const Node& node = rewriter.graph().nodes[n];
    if (is_removed(rewriter, static_cast<NodeId>(n))) continue;
    const bool marked =
        std::ranges::any_of(node.metadata, [](const auto& entry) { return entry.first == kPrecisionKey; });
    if (node.is("LSTM") && marked && decoded_constant(rewriter, node.input(1)))
      lower_lstm(rewriter, static_cast<NodeId>(n));
  }
}

}  // namespace bw
