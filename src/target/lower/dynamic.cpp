// Products whose activations are quantized at run time.
#include "target/lower/dynamic.h"

#include "graph/ops/product.h"
#include "target/lower/steps.h"
#include "tensor/convert.h"
#include "tensor/transposed.h"

namespace bw {

Tensor transposed(const Tensor& codes) {
  Shape shape = codes.shape();
  const std::size_t last = shape.size() - 1;
  const std::vector<std::int64_t> turned =
      bw::transposed(std::span<const std::int64_t>(to_int64s(codes)), static_cast<std::size_t>(shape[last - 1]),
                     static_cast<std::size_t>(shape[last]));
  std::swap(shape[last - 1], shape[last]);
  return cast(Tensor::of<std::int64_t>(shape, std::span<const std::int64_t>(turned)), codes.dtype());
}

ValueId integer_product(Rewriter& rewriter, const Codes& x, const Codes& weight, ValueId bias, const std::string& name,
                        const ValueType& type) {
  ValueType int32 = type;
  if (type.is_tensor()) int32.dtype = DType::Int32;
  std::vector<ValueId> operands{x.codes, weight.codes, x.zero_point, weight.zero_point};
  if (weight.zero_point == kNoValue) operands.pop_back();  // OpenVINO takes none that is left out
  const ValueId sums = rewriter.add_op("MatMulInteger", operands, {}, name + "_sums", int32);
  const ValueId wide = rewriter.add_op("Cast", {sums}, {{"to", std::int64_t{static_cast<int>(DType::Float32)}, {}}},
                                       name + "_cast", type);
  const ValueId scale = rewriter.add_op("Mul", {x.scale, weight.scale}, {}, name + "_scale");
  const ValueId result = rewriter.add_op("Mul", {wide, scale}, {}, name + "_scaled", type);
  return bias == kNoValue ? result : rewriter.add_op("Add", {result, bias}, {}, name + "_biased", type);
}

namespace {

// DynamicQuantizeLinear -> DequantizeLinear feeding a product.
std::optional<Decoded> dynamic_operand(const Rewriter& rewriter, ValueId value) {
  const auto found = decoded(rewriter, value);
  if (!found || rewriter.producer(found->codes) == kNoNode) return std::nullopt;
  return rewriter.graph().node(rewriter.producer(found->codes)).is("DynamicQuantizeLinear") ? found : std::nullopt;
}

void lower_product(Rewriter& rewriter, NodeId id, const Product& product, const Decoded& x, const Decoded& weight) {
  ValueId codes = weight.codes;
  if (product.transposed)
    codes = rewriter.add_constant(rewriter.graph().value(codes).name + "_transposed",
                                  transposed(constant(rewriter, codes)));
  const Value output = rewriter.graph().value(rewriter.graph().node(id).output(0));
  replace_node(rewriter, id,
               integer_product(rewriter, {x.codes, x.scale, x.zero_point}, {codes, weight.scale, weight.zero_point},
                               product.bias, output.name, output.type));
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

}  // namespace bw
