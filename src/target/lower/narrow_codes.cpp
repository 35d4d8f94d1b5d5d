// 4-bit weights of nodes that compute on codes: there are no integer kernels of such, so they are stored in 8 bits,
// with the same numbers.
#include <algorithm>

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

}  // namespace bw
