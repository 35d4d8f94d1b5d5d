// Attention in one node: ai.onnx's (opset 23) and ONNX Runtime's fused forms.
#include "graph/ops/families.h"

namespace bw {

namespace {

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
    {"Attention", "", 3, 7, 1, 4, DataFlow::Compute, -1, -1, nullptr, attention_work},
    {"LinearAttention", "", 3, 6, 2, 2},
    {"RotaryEmbedding", "", 3, 4, 1, 1},
    {"Attention", "com.microsoft", 2, 7, 1, 3, DataFlow::Compute, 1, 2},
    {"GroupQueryAttention", "com.microsoft", 1, -1, 1, -1},
    {"MultiHeadAttention", "com.microsoft", 1, -1, 1, -1},
    {"QAttention", "com.microsoft", 5, 9, 1, 2, DataFlow::Compute, 1, 2},
    {"RotaryEmbedding", "com.microsoft", 4, 4, 1, 1},
};

}  // namespace

std::span<const OpInfo> attention_ops() {
  return kOps;
}

}  // namespace bw
