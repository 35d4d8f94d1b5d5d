// Attention in one node: ai.onnx's (opset 23) and ONNX Runtime's fused forms.
#include "graph/ops/families.h"

namespace bw {

namespace {

using namespace row;

// Q and K give [queries, keys] a head, which meets V: queries * keys * (width of Q + width of V) over all heads.
// Shapes are [batch, heads, length, width] or [batch, length, heads * width]; past keys (input 4) come before K.
std::uint64_t attention_work(const Node& node, std::span<const Shape> inputs, std::span<const Shape>) {
  const Shape &q = inputs[0], &k = inputs[1], &v = inputs[2];
  if (q.size() != k.size() || k.size() != v.size() || (q.size() != 3 && q.size() != 4)) return 0;
  const bool split = q.size() == 4;
  const auto extent = [](std::int64_t n) { return static_cast<std::uint64_t>(n); };
  std::uint64_t keys = extent(split ? k[2] : k[1]);
  if (inputs.size() > 4 && inputs[4].size() == 4) keys += extent(inputs[4][2]);
  const std::uint64_t heads = split ? extent(q[1]) : 1;
  std::uint64_t v_width = extent(v.back());
  if (!split) {  // V may have fewer heads than Q
    const std::int64_t q_heads = node.int_or("q_num_heads", 1), kv_heads = node.int_or("kv_num_heads", q_heads);
    if (kv_heads > 0) v_width = v_width / extent(kv_heads) * extent(q_heads);
  }
  return extent(q[0]) * heads * extent(split ? q[2] : q[1]) * keys * (extent(q.back()) + v_width);
}

constexpr OpInfo kOps[] = {
    {.name = "Attention",
     .inputs = {3, 7},
     .outputs = {1, 4},
     .attributes = {integer("is_causal", 0), integer("kv_num_heads"), integer("left_window_size", -1),
                    integer("q_num_heads"), integer("qk_matmul_output_mode", 0), integer("right_window_size", -1),
                    number("scale"), number("softcap", 0.0f), integer("softmax_precision")},
     .infer = rule::attention,
     .couple = couple::attention,
     .multiply_accumulates = attention_work},
    {.name = "LinearAttention",
     .inputs = {3, 6},
     .outputs = {2, 2},
     .attributes = {integer("chunk_size", 64), integer("kv_num_heads").required(), integer("q_num_heads").required(),
                    number("scale", 0.0f), text("update_rule", "gated_delta")},
     .infer = rule::linear_attention},
    {.name = "RotaryEmbedding",
     .inputs = {3, 4},
     .attributes = {integer("interleaved", 0), integer("num_heads"), integer("rotary_embedding_dim", 0)},
     .infer = rule::unary},
    {.name = "Attention",
     .domain = kMicrosoft,
     .inputs = {2, 7},
     .outputs = {1, 2},
     .attributes = {integer("do_rotary"), number("mask_filter_value"), integer("num_heads").required(),
                    integer("past_present_share_buffer"), integers("qkv_hidden_sizes"), integer("rotary_embedding_dim"),
                    number("scale"), integer("unidirectional", 0)},
     .infer = rule::packed_attention,
     .couple = couple::packed_attention,
     .weight_input = 1,
     .bias_input = 2},
    {.name = "GroupQueryAttention",
     .domain = kMicrosoft,
     .inputs = {7, 16},
     .outputs = {1, 4},
     .attributes = {integer("causal", 1), integer("do_rotary"), text("k_quant_type", "NONE"),
                    integer("kv_cache_bit_width"), integer("kv_num_heads").required(), integer("local_window_size", -1),
                    integer("num_heads").required(), number("qk_norm_epsilon", 1e-06f), integer("qk_output", 0),
                    integer("rotary_interleaved"), number("scale"), integer("sliding_window_cache", 0),
                    integer("smooth_softmax", -1), number("softcap"), text("v_quant_type", "NONE")}},
    {.name = "MultiHeadAttention",
     .domain = kMicrosoft,
     .inputs = {1, 10},
     .outputs = {1, 4},
     .attributes = {number("mask_filter_value"), integer("num_heads").required(), number("scale"),
                    integer("unidirectional", 0)},
     .infer = rule::multi_head_attention,
     .couple = couple::multi_head_attention},
    {.name = "QAttention",
     .domain = kMicrosoft,
     .inputs = {5, 9},
     .outputs = {1, 2},
     .attributes = {integer("do_rotary"), number("mask_filter_value"), integer("num_heads").required(),
                    integer("past_present_share_buffer"), number("scale"), integer("unidirectional", 0)},
     .infer = rule::packed_attention,
     .weight_input = 1,
     .bias_input = 2},
    {.name = "RotaryEmbedding",
     .domain = kMicrosoft,
     .inputs = {4, 4},
     .attributes = {integer("interleaved"), integer("is_packed_batching"), integer("num_heads"),
                    integer("rotary_embedding_dim"), number("scale")},
     .infer = rule::unary},
    {.name = "FlexAttention",
     .domain = kPreview,
     .inputs = {3, 3},
     .attributes = {graph("prob_mod"), number("scale"), graph("score_mod"), integer("softmax_precision")},
     .infer = rule::flex_attention},
};

}  // namespace

std::span<const OpInfo> attention_ops() {
  return kOps;
}

}  // namespace bw
