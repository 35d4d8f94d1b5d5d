// The steps of lowering for ONNX Runtime; each replaces one canonical pattern and leaves what does not match.
#pragma once

#include <optional>

#include "graph/rewriter.h"

namespace bw {

inline constexpr std::string_view kMicrosoft = "com.microsoft";

// A value that DequantizeLinear makes: codes with scale and zero point (kNoValue when left out).
struct Decoded {
  NodeId node;
  ValueId codes, scale, zero_point;
  std::int64_t axis, block_size;
};
std::optional<Decoded> decoded(const Rewriter& rewriter, ValueId value);
// The same where codes, scale and zero point are constants.
std::optional<Decoded> decoded_constant(const Rewriter& rewriter, ValueId value);
const Tensor& constant(const Rewriter& rewriter, ValueId value);

// The node that makes a value, if it is of this operator; else nullptr.
const Node* producer_of(const Rewriter& rewriter, ValueId value, std::string_view op);

// True for a node that an earlier rewrite took away: nothing it made is made by it any more.
bool is_removed(const Rewriter& rewriter, NodeId node);
// Removes a node whose outputs nobody uses, and then those before it that were there for it alone.
void remove_unused(Rewriter& rewriter, NodeId node);
// Makes `result` take the place of the node's first output, and removes the node with what only it used.
void replace_node(Rewriter& rewriter, NodeId node, ValueId result);

void lower_weight_only(Rewriter& rewriter, int accuracy_level);
void lower_embeddings(Rewriter& rewriter);
void lower_tables(Rewriter& rewriter);
void lower_dynamic_products(Rewriter& rewriter);
void lower_dynamic_recurrent(Rewriter& rewriter);
void widen_narrow_codes(Rewriter& rewriter);
void widen_unread_types(Rewriter& rewriter);
void decode_while_loading(Rewriter& rewriter);
void lower_to_qoperators(Rewriter& rewriter);

}  // namespace bw
