// Products of activations with weights: the operators that hold nearly all parameters and arithmetic of a network.
#include <algorithm>
#include <map>

#include "graph/ops/families.h"

namespace bw {

namespace {

using namespace row;

using Shapes = std::span<const Shape>;

std::uint64_t volume(const Shape& shape, std::size_t from = 0) {
  return from >= shape.size() ? 1 : element_count(std::span(shape).subspan(from));
}

// Conv weights are [out, in / group, kernel...]: each output element sums over everything but the first dimension.
template <int weight>
std::uint64_t conv_work(const Node&, Shapes inputs, Shapes outputs) {
  return volume(outputs[0]) * volume(inputs[weight], 1);
}
// ConvTranspose weights are [in, out / group, kernel...]: each input element is spread over all of that.
std::uint64_t conv_transpose_work(const Node&, Shapes inputs, Shapes) {
  return volume(inputs[0]) * volume(inputs[1], 1);
}
std::uint64_t matmul_work(const Node&, Shapes inputs, Shapes outputs) {
  return inputs[0].empty() ? 0 : volume(outputs[0]) * static_cast<std::uint64_t>(inputs[0].back());
}
std::uint64_t gemm_work(const Node& node, Shapes inputs, Shapes outputs) {
  if (inputs[0].size() != 2) return 0;
  return volume(outputs[0]) * static_cast<std::uint64_t>(inputs[0][int_of(node, "transA") ? 0 : 1]);
}
std::uint64_t nbits_work(const Node& node, Shapes, Shapes outputs) {
  return volume(outputs[0]) * static_cast<std::uint64_t>(int_of(node, "K"));
}

// The product of the extents of all labels, when there are two operands or more. Ellipsis: not counted.
std::uint64_t einsum_work(const Node& node, Shapes inputs, Shapes) {
  const std::string equation = string_of(node, "equation");
  if (inputs.size() < 2 || equation.find('.') != std::string::npos) return 0;
  std::map<char, std::int64_t> extents;
  std::size_t operand = 0, axis = 0;
  for (char c : equation) {
    if (c == '-') break;
    if (c == ',') {
      ++operand;
      axis = 0;
    } else if (c != ' ') {
      if (operand >= inputs.size() || axis >= inputs[operand].size()) return 0;
      extents[c] = std::max(extents[c], inputs[operand][axis++]);
    }
  }
  Shape all;
  for (const auto& [label, extent] : extents) all.push_back(extent);
  return volume(all);
}

std::optional<int> first_axis(const Node&, int) {
  return 0;
}
std::optional<int> second_axis(const Node&, int) {
  return 1;
}
std::optional<int> last_axis(const Node&, int rank) {
  return rank >= 2 ? std::optional(rank - 1) : std::nullopt;
}
std::optional<int> gemm_axis(const Node& node, int) {
  return int_of(node, "transB") ? 0 : 1;
}
std::optional<int> fused_matmul_axis(const Node& node, int rank) {
  if (rank < 2) return std::nullopt;
  return int_of(node, "transB") ? rank - 2 : rank - 1;
}

constexpr OpInfo kOps[] = {
    {.name = "CausalConvWithState",
     .inputs = {2, 4},
     .outputs = {2, 2},
     .attributes = {text("activation", "none")},
     .infer = rule::causal_conv,
     .weight_input = 1,
     .bias_input = 2,
     .weight_channel_axis = first_axis,
     .multiply_accumulates = conv_work<1>},
    {.name = "Conv",
     .inputs = {2, 3},
     .attributes = {text("auto_pad", "NOTSET"), integers("dilations"), integer("group", 1), integers("kernel_shape"),
                    integers("pads"), integers("strides")},
     .infer = rule::conv,
     .couple = couple::conv,
     .weight_input = 1,
     .bias_input = 2,
     .weight_channel_axis = first_axis,
     .multiply_accumulates = conv_work<1>},
    {.name = "ConvInteger",
     .inputs = {2, 4},
     .attributes = {text("auto_pad", "NOTSET"), integers("dilations"), integer("group", 1), integers("kernel_shape"),
                    integers("pads"), integers("strides")},
     .infer = rule::conv_integer,
     .couple = couple::conv_integer,
     .weight_input = 1,
     .weight_channel_axis = first_axis,
     .multiply_accumulates = conv_work<1>},
    {.name = "ConvTranspose",
     .inputs = {2, 3},
     .attributes = {text("auto_pad", "NOTSET"), integers("dilations"), integer("group", 1), integers("kernel_shape"),
                    integers("output_padding"), integers("output_shape"), integers("pads"), integers("strides")},
     .infer = rule::conv_transpose,
     .couple = couple::conv_transpose,
     .weight_input = 1,
     .bias_input = 2,
     .weight_channel_axis = second_axis,
     .multiply_accumulates = conv_transpose_work},
    {.name = "DeformConv",
     .inputs = {3, 5},
     .attributes = {integers("dilations"), integer("group", 1), integers("kernel_shape"), integer("offset_group", 1),
                    integers("pads"), integers("strides")},
     .infer = rule::conv,
     .weight_input = 1,
     .bias_input = 3,
     .weight_channel_axis = first_axis,
     .multiply_accumulates = conv_work<1>},
    {.name = "Einsum",
     .inputs = {1, -1},
     .attributes = {text("equation").required()},
     .infer = rule::einsum,
     .multiply_accumulates = einsum_work},
    {.name = "Gemm",
     .inputs = {2, 3},
     .attributes = {number("alpha", 1.0f), number("beta", 1.0f), integer("transA", 0), integer("transB", 0)},
     .infer = rule::gemm,
     .couple = couple::gemm,
     .weight_input = 1,
     .bias_input = 2,
     .weight_channel_axis = gemm_axis,
     .multiply_accumulates = gemm_work},
    {.name = "MatMul",
     .inputs = {2, 2},
     .infer = rule::matmul,
     .couple = couple::matmul,
     .weight_input = 1,
     .weight_channel_axis = last_axis,
     .multiply_accumulates = matmul_work},
    {.name = "MatMulInteger",
     .inputs = {2, 4},
     .infer = rule::matmul_integer,
     .couple = couple::matmul_integer,
     .weight_input = 1,
     .weight_channel_axis = last_axis,
     .multiply_accumulates = matmul_work},
    {.name = "QLinearConv",
     .inputs = {8, 9},
     .attributes = {text("auto_pad", "NOTSET"), integers("dilations"), integer("group", 1), integers("kernel_shape"),
                    integers("pads"), integers("strides")},
     .infer = rule::qlinear_conv,
     .couple = couple::qlinear_conv,
     .weight_input = 3,
     .bias_input = 8,
     .weight_channel_axis = first_axis,
     .multiply_accumulates = conv_work<3>},
    {.name = "QLinearMatMul",
     .inputs = {8, 8},
     .infer = rule::qlinear_matmul,
     .couple = couple::qlinear_matmul,
     .weight_input = 3,
     .weight_channel_axis = last_axis,
     .multiply_accumulates = matmul_work},
    {.name = "DynamicQuantizeMatMul",
     .domain = kMicrosoft,
     .inputs = {3, 5},
     .infer = rule::matmul,
     .couple = couple::dynamic_quantize_matmul,
     .weight_input = 1,
     .bias_input = 4,
     .weight_channel_axis = last_axis,
     .multiply_accumulates = matmul_work},
    {.name = "FusedConv",
     .domain = kMicrosoft,
     .inputs = {2, 4},
     .attributes = {text("activation"), numbers("activation_params"), text("auto_pad", "NOTSET"), integers("dilations"),
                    integer("group", 1), integers("kernel_shape"), integers("pads"), integers("strides")},
     .infer = rule::conv,
     .couple = couple::fused_conv,
     .weight_input = 1,
     .bias_input = 2,
     .weight_channel_axis = first_axis,
     .multiply_accumulates = conv_work<1>},
    {.name = "FusedGemm",
     .domain = kMicrosoft,
     .inputs = {2, 3},
     .attributes = {text("activation"), number("activation_alpha"), number("activation_beta"),
                    number("activation_gamma"), number("alpha", 1.0f), number("beta", 1.0f), integer("transA", 0),
                    integer("transB", 0)},
     .infer = rule::gemm,
     .couple = couple::gemm,
     .weight_input = 1,
     .bias_input = 2,
     .weight_channel_axis = gemm_axis,
     .multiply_accumulates = gemm_work},
    {.name = "FusedMatMul",
     .domain = kMicrosoft,
     .inputs = {2, 2},
     .attributes = {number("alpha", 1.0f), integer("transA", 0), integer("transB", 0), integer("transBatchA", 0),
                    integer("transBatchB", 0)},
     .infer = rule::fused_matmul,
     .couple = couple::fused_matmul,
     .weight_input = 1,
     .weight_channel_axis = fused_matmul_axis,
     .multiply_accumulates = matmul_work},
    {.name = "MatMulIntegerToFloat",
     .domain = kMicrosoft,
     .inputs = {4, 7},
     .infer = rule::matmul_integer_to_float,
     .couple = couple::matmul_integer_to_float,
     .weight_input = 1,
     .bias_input = 6,
     .weight_channel_axis = last_axis,
     .multiply_accumulates = matmul_work},
    {.name = "MatMulBnb4",
     .domain = kMicrosoft,
     .inputs = {3, 3},
     .attributes = {integer("K").required(), integer("N").required(), integer("block_size").required(),
                    integer("quant_type").required(), integer("training_mode", 0), integer("transB", 1)},
     .infer = rule::matmul_nbits,
     .weight_input = 1,
     .multiply_accumulates = nbits_work},
    {.name = "MatMulNBits",
     .domain = kMicrosoft,
     .inputs = {3, 6},
     .attributes = {integer("K").required(), integer("N").required(), integer("accuracy_level", 0), integer("bits", 4),
                    integer("block_size").required(), integer("weight_prepacked", 0)},
     .infer = rule::matmul_nbits,
     .couple = couple::matmul_nbits,
     .weight_input = 1,
     .bias_input = 5,
     .multiply_accumulates = nbits_work},
    {.name = "QGemm",
     .domain = kMicrosoft,
     .inputs = {6, 9},
     .attributes = {number("alpha", 1.0f), integer("transA", 0), integer("transB", 0)},
     .infer = rule::qgemm,
     .weight_input = 3,
     .bias_input = 6,
     .weight_channel_axis = gemm_axis,
     .multiply_accumulates = gemm_work},
};

}  // namespace

std::span<const OpInfo> linear_ops() {
  return kOps;
}

}  // namespace bw
