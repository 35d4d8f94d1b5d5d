// Codes too narrow for who reads them, in a wider type with the same numbers: 4-bit weights of nodes that compute on
// codes, for which there are no integer kernels of such, and types that the runtime's Cast does not read. And codes
// that no kernel reads: the runtime keeps a DequantizeLinear, and computes it in each run; what is spelled out it
// computes once.
#include <algorithm>
#include <map>

#include "graph/ops/product.h"
#include "plan/decode.h"
#include "target/lower/steps.h"
#include "tensor/convert.h"

namespace bw {
namespace {

DType widened(DType code) {
  return code == DType::Int4 ? DType::Int8 : code == DType::UInt4 ? DType::UInt8 : code;
}

// Whether what `value` is multiplied with comes as codes too.
bool meets_codes(const Rewriter& rewriter, ValueId value) {
  return std::ranges::any_of(rewriter.uses(value), [&](const Links::Use& use) {
    return use.input > 0 && decoded(rewriter, rewriter.graph().node(use.node).input(0)).has_value();
  });
}

void widen(Rewriter& rewriter, ValueId value) {
  if (value == kNoValue) return;
  const Tensor& codes = constant(rewriter, value);
  if (widened(codes.dtype()) != codes.dtype()) rewriter.set_constant(value, cast(codes, widened(codes.dtype())));
}

}  // namespace

void widen_narrow_codes(Rewriter& rewriter) {
  for (std::size_t n = 0; n < rewriter.graph().nodes.size(); ++n) {
    if (!rewriter.graph().nodes[n].is("DequantizeLinear") || is_removed(rewriter, static_cast<NodeId>(n))) continue;
    const ValueId value = rewriter.graph().nodes[n].output(0);
    const auto found = decoded_constant(rewriter, value);
    if (!found || found->block_size != 0 || !meets_codes(rewriter, value)) continue;
    widen(rewriter, found->codes);
    widen(rewriter, found->zero_point);
  }
}

namespace {

QParams params_of(const Rewriter& rewriter, const Decoded& decoded) {
  const Tensor& codes = constant(rewriter, decoded.codes);
  QParams params{
      .scheme = {.code = codes.dtype()}, .scales = to_floats(constant(rewriter, decoded.scale)), .zero_points = {}};
  params.scheme.axis = static_cast<int>(decoded.axis);
  params.scheme.block_size = decoded.block_size;
  if (decoded.block_size != 0)
    params.scheme.granularity = Granularity::Block;
  else if (params.scales.size() > 1)
    params.scheme.granularity = Granularity::Channel;
  if (decoded.zero_point == kNoValue) return params;
  params.zero_points = to_floats(constant(rewriter, decoded.zero_point));
  if (std::ranges::all_of(params.zero_points, [](float z) { return z == 0; })) params.zero_points.clear();
  params.scheme.zero_point = widened(codes.dtype());
  return params;
}

// Whether all that read it multiply floats with it.
bool is_weight_of_floats(const Rewriter& rewriter, ValueId value) {
  return std::ranges::all_of(rewriter.uses(value), [&](const Links::Use& use) {
    const Node* node = use.input == 1 ? &rewriter.graph().node(use.node) : nullptr;
    return node != nullptr && (node->is("Conv") || plain_product(*node)) && !decoded(rewriter, node->input(0));
  });
}

}  // namespace

void decode_while_loading(Rewriter& rewriter) {
  const std::size_t count = rewriter.graph().nodes.size();
  for (std::size_t n = 0; n < count; ++n) {
    const auto id = static_cast<NodeId>(n);
    if (!rewriter.graph().node(id).is("DequantizeLinear") || is_removed(rewriter, id)) continue;
    const ValueId value = rewriter.graph().node(id).output(0);
    const auto found = decoded_constant(rewriter, value);
    if (!found || !is_weight_of_floats(rewriter, value) || rewriter.graph().is_output(value)) continue;
    const std::string name = rewriter.graph().value(found->codes).name;
    const Shape shape = constant(rewriter, found->codes).shape();
    replace_node(rewriter, id, add_spelled_out(rewriter, name, found->codes, params_of(rewriter, *found), shape));
  }
}

void widen_unread_types(Rewriter& rewriter) {
  static const std::map<DType, DType> kWider{
      {DType::UInt2, DType::UInt4}, {DType::Int2, DType::Int4}, {DType::Float8E8M0, DType::BFloat16}};
  for (std::size_t v = 0; v < rewriter.graph().values.size(); ++v) {
    const auto id = static_cast<ValueId>(v);
    const Tensor narrow = rewriter.graph().value(id).initializer;
    if (!rewriter.graph().is_constant(id)) continue;
    if (const auto wider = kWider.find(narrow.dtype()); wider != kWider.end())
      rewriter.set_constant(id, cast(narrow, wider->second));
  }
}

}  // namespace bw
