// Products of activations with weights: the operators that hold nearly all parameters and arithmetic of a network.
#include <algorithm>
#include <map>

#include "graph/ops/families.h"

namespace bw {

namespace {

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
  return volume(outputs[0]) * static_cast<std::uint64_t>(inputs[0][node.int_or("transA", 0) ? 0 : 1]);
}
std::uint64_t nbits_work(const Node& node, Shapes, Shapes outputs) {
  return volume(outputs[0]) * static_cast<std::uint64_t>(node.int_or("K", 0));
}

// The product of the extents of all labels, when there are two operands or more. Ellipsis: not counted.
std::uint64_t einsum_work(const Node& node, Shapes inputs, Shapes) {
  const std::string equation = node.string_or("equation", "");
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
  return node.int_or("transB", 0) ? 0 : 1;
}
std::optional<int> fused_matmul_axis(const Node& node, int rank) {
  if (rank < 2) return std::nullopt;
  return node.int_or("transB", 0) ? rank - 2 : rank - 1;
}

constexpr OpInfo linear(std::string_view name, std::string_view domain, int min_inputs, int max_inputs,
                        int weight_input, int bias_input, decltype(OpInfo::weight_channel_axis) axis,
                        decltype(OpInfo::multiply_accumulates) work) {
  return {name, domain, min_inputs, max_inputs, 1, 1, DataFlow::Compute, weight_input, bias_input, axis, work};
}

constexpr OpInfo kOps[] = {
    {"CausalConvWithState", "", 2, 4, 2, 2, DataFlow::Compute, 1, 2, first_axis, conv_work<1>},
    linear("Conv", "", 2, 3, 1, 2, first_axis, conv_work<1>),
    linear("ConvInteger", "", 2, 4, 1, -1, first_axis, conv_work<1>),
    linear("ConvTranspose", "", 2, 3, 1, 2, second_axis, conv_transpose_work),
    linear("DeformConv", "", 3, 5, 1, 3, first_axis, conv_work<1>),
    linear("Einsum", "", 1, -1, -1, -1, nullptr, einsum_work),
    linear("Gemm", "", 2, 3, 1, 2, gemm_axis, gemm_work),
    linear("MatMul", "", 2, 2, 1, -1, last_axis, matmul_work),
    linear("MatMulInteger", "", 2, 4, 1, -1, last_axis, matmul_work),
    linear("QLinearConv", "", 8, 9, 3, 8, first_axis, conv_work<3>),
    linear("QLinearMatMul", "", 8, 8, 3, -1, last_axis, matmul_work),
    linear("DynamicQuantizeMatMul", "com.microsoft", 3, 5, 1, 4, last_axis, matmul_work),
    linear("FusedConv", "com.microsoft", 2, 4, 1, 2, first_axis, conv_work<1>),
    linear("FusedGemm", "com.microsoft", 2, 3, 1, 2, gemm_axis, gemm_work),
    linear("FusedMatMul", "com.microsoft", 2, 2, 1, -1, fused_matmul_axis, matmul_work),
    linear("MatMulIntegerToFloat", "com.microsoft", 4, 7, 1, 6, last_axis, matmul_work),
    linear("MatMulBnb4", "com.microsoft", 3, 3, 1, -1, nullptr, nbits_work),
    linear("MatMulNBits", "com.microsoft", 3, 6, 1, 5, nullptr, nbits_work),
    linear("QGemm", "com.microsoft", 6, 9, 3, 6, gemm_axis, gemm_work),
};

}  // namespace

std::span<const OpInfo> linear_ops() {
  return kOps;
}

}  // namespace bw
