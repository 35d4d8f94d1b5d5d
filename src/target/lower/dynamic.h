// What products and recurrent nodes share whose activations are quantized at run time.
#pragma once

#include <optional>
#include <string>

#include "graph/rewriter.h"

namespace bw {

// Integers with what makes numbers of them; zero_point is kNoValue where it is 0.
struct Codes {
  ValueId codes, scale, zero_point;
};

// The last two axes exchanged, for codes of any integer type: of a matrix, and of recurrent weights [directions,
// gates*hidden, in], which kernels read as [directions, in, gates*hidden].
Tensor transposed(const Tensor& codes);

// x * weight (+ bias, unless kNoValue): MatMulInteger, Cast, and one Mul by the product of the scales, which the
// runtime fuses with the DynamicQuantizeLinear before and the Add behind. Values are named after `name`; the type is
// that of the product.
ValueId integer_product(Rewriter& rewriter, const Codes& x, const Codes& weight, ValueId bias, const std::string& name,
                        const ValueType& type = {});

// A weight of a recurrent node: codes [directions, gates*hidden, in]; scales [directions, gates*hidden], or
// [directions] where one holds for all rows of a direction.
struct RecurrentWeight {
  std::string name;
  Tensor codes, scales;
};
// What `value` is made of; nullopt when it is no such weight.
std::optional<RecurrentWeight> recurrent_weight(const Rewriter& rewriter, ValueId value);

void lower_gru(Rewriter& rewriter, NodeId id, const RecurrentWeight& w, const RecurrentWeight& r);

}  // namespace bw
