// MatMul or Gemm whose weight is looked up in bitsandbytes' tables of 16 numbers -> com.microsoft MatMulBnb4. Layout of
// its operands (onnxruntime's contrib operator documentation): B uint8 [N * K / 2], row by row of [N, K], the first
// code of two in the high bits; absmax [N * K / block] in the same order.
#include <algorithm>

#include "graph/ops/product.h"
#include "target/lower/steps.h"
#include "tensor/codebooks.h"
#include "tensor/convert.h"
#include "tensor/transposed.h"

namespace bw {
namespace {

// A matrix of codes that stand for numbers of a table, in blocks along an axis; as plan/decode.h spells it out.
struct LookedUp {
  ValueId codes, scale;  // scale: one a block, at its place among the blocks
  std::span<const float> table;
  std::int64_t block;
};

std::optional<LookedUp> looked_up(const Rewriter& rewriter, ValueId weight, int axis) {
  const Graph& graph = rewriter.graph();
  const Node* merged = producer_of(rewriter, weight, "Reshape");
  const Node* scaled = producer_of(rewriter, merged == nullptr ? weight : merged->input(0), "Mul");
  if (scaled == nullptr) return std::nullopt;
  const Node* split = producer_of(rewriter, scaled->input(0), "Reshape");
  const Node* found = producer_of(rewriter, split == nullptr ? scaled->input(0) : split->input(0), "Gather");
  if (found == nullptr || !graph.is_constant(found->input(0))) return std::nullopt;
  const Node* cast = producer_of(rewriter, found->input(1), "Cast");
  if (cast == nullptr || !graph.is_constant(cast->input(0))) return std::nullopt;
  const Tensor& codes = constant(rewriter, cast->input(0));
  const auto shape = graph.value(scaled->input(1)).type.static_shape();
  const std::size_t at = static_cast<std::size_t>(axis) + 1;
  if (codes.dtype() != DType::UInt4 || codes.rank() != 2 || !shape || shape->size() != 3 || (*shape)[at] != 1)
    return std::nullopt;
  const std::int64_t length = codes.shape()[static_cast<std::size_t>(axis)];
  return LookedUp{.codes = cast->input(0),
                  .scale = scaled->input(1),
                  .table = constant(rewriter, found->input(0)).data<float>(),
                  .block = length / (*shape)[at - 1]};
}

std::optional<std::int64_t> kind_of(std::span<const float> table) {
  if (std::ranges::equal(table, fp4())) return 0;
  if (std::ranges::equal(table, nf4())) return 1;
  return std::nullopt;
}

std::vector<std::int64_t> row_by_row(const Tensor& codes, bool transposed_weight) {
  const std::vector<std::int64_t> stored = to_int64s(codes);
  if (transposed_weight) return stored;
  return transposed(std::span<const std::int64_t>(stored), static_cast<std::size_t>(codes.shape()[0]),
                    static_cast<std::size_t>(codes.shape()[1]));
}

Tensor packed(const std::vector<std::int64_t>& codes) {
  return Tensor::fill<std::uint8_t>({static_cast<std::int64_t>(codes.size() / 2)}, [&](std::span<std::uint8_t> out) {
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<std::uint8_t>(codes[2 * i] << 4 | codes[2 * i + 1]);
  });
}

ValueId reshaped(Rewriter& rewriter, ValueId value, const Shape& shape, const std::string& name) {
  const ValueId target = rewriter.add_constant(
      name + "_shape",
      Tensor::of<std::int64_t>({static_cast<std::int64_t>(shape.size())}, std::span<const std::int64_t>(shape)));
  return rewriter.add_op("Reshape", {value, target}, {}, name, ValueType::tensor(DType::Float32, shape));
}

// One a block, row by row of the outputs.
ValueId flat_scales(Rewriter& rewriter, const LookedUp& weight, bool transposed_weight, std::int64_t n,
                    const std::string& name) {
  const std::int64_t count =
      static_cast<std::int64_t>(element_count(*rewriter.graph().value(weight.scale).type.static_shape()));
  if (rewriter.graph().is_constant(weight.scale)) {
    const std::vector<float> stored = to_floats(constant(rewriter, weight.scale));
    const auto rows = static_cast<std::size_t>(count / n);
    const std::vector<float> ordered =
        transposed_weight ? stored : transposed(std::span(stored), rows, static_cast<std::size_t>(n));
    return rewriter.add_constant(name + "_absmax", Tensor::of<float>({count}, std::span<const float>(ordered)));
  }
  if (transposed_weight) return reshaped(rewriter, weight.scale, {count}, name + "_absmax");
  const ValueId matrix = reshaped(rewriter, weight.scale, {count / n, n}, name + "_by_blocks");
  const ValueId turned = rewriter.add_op("Transpose", {matrix}, {}, name + "_by_outputs",
                                         ValueType::tensor(DType::Float32, {n, count / n}));
  return reshaped(rewriter, turned, {count}, name + "_absmax");
}

void lower_node(Rewriter& rewriter, NodeId id, const Product& product, const LookedUp& weight, std::int64_t kind) {
  const Tensor codes = constant(rewriter, weight.codes);
  const std::string name = rewriter.graph().value(weight.codes).name;
  const auto axis = static_cast<std::size_t>(product.reduced_axis());
  const std::int64_t k = codes.shape()[axis], n = codes.shape()[1 - axis];
  const ValueId bytes = rewriter.add_constant(name + "_packed", packed(row_by_row(codes, product.transposed)));
  const ValueId absmax = flat_scales(rewriter, weight, product.transposed, n, name);
  const Value output = rewriter.graph().value(rewriter.graph().node(id).output(0));
  ValueId result =
      rewriter.add_op("MatMulBnb4", {product.x, bytes, absmax},
                      {{"K", k, {}}, {"N", n, {}}, {"block_size", weight.block, {}}, {"quant_type", kind, {}}},
                      output.name + "_bnb4", output.type, kMicrosoft);
  if (product.bias != kNoValue)
    result = rewriter.add_op("Add", {result, product.bias}, {}, output.name + "_biased", output.type);
  replace_node(rewriter, id, result);
}

}  // namespace

void lower_tables(Rewriter& rewriter) {
  const std::size_t count = rewriter.graph().nodes.size();
  for (std::size_t n = 0; n < count; ++n) {
    const auto id = static_cast<NodeId>(n);
    const auto product = is_removed(rewriter, id) ? std::nullopt : plain_product(rewriter.graph().node(id));
    const auto weight = product ? looked_up(rewriter, product->weight, product->reduced_axis()) : std::nullopt;
    const auto kind = weight ? kind_of(weight->table) : std::nullopt;
    const bool packs = kind && weight->block >= 16 && constant(rewriter, weight->codes).size() % 2 == 0;
    if (packs) lower_node(rewriter, id, *product, *weight, *kind);
  }
}

}  // namespace bw
