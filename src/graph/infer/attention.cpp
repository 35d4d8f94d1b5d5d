// Attention, [batch, heads, length, width] or [batch, length, heads * width].
#include "graph/infer/rules.h"

namespace bw::rule {

namespace {

// heads * width of `packed` with another number of heads.
Dim with_heads(const Inference& at, const Dim& packed, std::int64_t from, std::int64_t to) {
  at.require(from > 0 && to > 0, "the numbers of heads are not positive");
  if (from == to) return packed;
  if (!packed.known()) return {};
  at.require(packed.value % from == 0, "the width is not a multiple of the heads");
  return times(number_dim(packed.value / from), to);
}

// A value [batch, heads, length, width] of an operand that may be packed.
Dims unpacked(const Inference& at, const Dims& x, std::string_view heads) {
  if (x.size() == 4) return x;
  const std::int64_t count = at.attribute(heads);
  return {x[0], number_dim(count), x[1], with_heads(at, x[2], count, 1)};
}

}  // namespace

// Inputs: query, key, value, mask, past key, past value. Outputs: y, present key, present value, scores.
void attention(Inference& at) {
  const Dims *q = at.shape(0), *k = at.shape(1), *v = at.shape(2);
  for (const std::size_t i : {0, 3}) at.output(i, at.dtype(0));
  at.output(1, at.dtype(at.has(4) ? 4 : 1));
  at.output(2, at.dtype(at.has(5) ? 5 : 2));
  if (!q || !k || !v) return;
  for (const Dims* x : {q, k, v}) at.require(x->size() == 3 || x->size() == 4, "an operand has neither rank 3 nor 4");
  const Dims query = unpacked(at, *q, "q_num_heads"), key = unpacked(at, *k, "kv_num_heads"),
             value = unpacked(at, *v, "kv_num_heads");
  if (q->size() == 4)
    at.output(0, at.dtype(0), Dims{query[0], query[1], query[2], value[3]});
  else
    at.output(0, at.dtype(0), Dims{(*q)[0], (*q)[1], times(value[3], at.attribute("q_num_heads"))});
  const Dims* past_key = at.shape(4);
  Dim length = key[2];
  if (at.has(4)) length = past_key && past_key->size() == 4 ? plus(length, (*past_key)[2]) : Dim{};
  at.output(3, at.dtype(0), Dims{query[0], query[1], query[2], length});
  at.output(1, at.dtype(at.has(4) ? 4 : 1), Dims{key[0], key[1], length, key[3]});
  at.output(2, at.dtype(at.has(5) ? 5 : 2), Dims{value[0], value[1], length, value[3]});
}

void flex_attention(Inference& at) {
  at.output(0, at.dtype(0));
  const Dims *q = at.shape(0), *v = at.shape(2);
  if (!q || !v) return;
  at.require(q->size() == 4 && v->size() == 4, "an operand has not rank 4");
  at.output(0, at.dtype(0), Dims{(*q)[0], (*q)[1], (*q)[2], (*v)[3]});
}

// Query [batch, length, query heads * key width], key and value with key-value heads; state [batch, key-value heads,
// key width, value width].
void linear_attention(Inference& at) {
  const Dims *q = at.shape(0), *k = at.shape(1), *v = at.shape(2);
  at.output(0, at.dtype(0));
  at.output(1, at.has(3) ? at.dtype(3) : at.dtype(0), copied(at.shape(3)));
  if (!q || !k || !v || q->size() != 3 || k->size() != 3 || v->size() != 3) return;
  const std::int64_t heads = at.attribute("q_num_heads"), kv_heads = at.attribute("kv_num_heads");
  at.output(0, at.dtype(0), Dims{(*q)[0], (*q)[1], with_heads(at, (*v)[2], kv_heads, heads)});
  at.output(
      1, at.has(3) ? at.dtype(3) : at.dtype(0),
      Dims{(*q)[0], number_dim(kv_heads), with_heads(at, (*k)[2], kv_heads, 1), with_heads(at, (*v)[2], kv_heads, 1)});
}

// x [batch, length, in], weight [in, query + key + value].
void packed_attention(Inference& at) {
  const std::size_t output_type = at.node().is("QAttention", "com.microsoft") ? 3 : 0;  // of the input's scale
  at.output(0, at.dtype(output_type));
  const Dims *x = at.shape(0), *weight = at.shape(1);
  if (!x || x->size() != 3) return;
  const auto sizes = at.node().find("qkv_hidden_sizes") ? at.list("qkv_hidden_sizes") : std::vector<std::int64_t>{};
  Dim width;
  if (sizes.size() == 3)
    width = number_dim(sizes[2]);
  else if (weight && weight->size() == 2 && (*weight)[1].known())
    width = number_dim((*weight)[1].value / 3);
  at.output(0, at.dtype(output_type), Dims{(*x)[0], (*x)[1], width});
}

// query [batch, length, width], value [batch, length, width]; packed forms have other ranks.
void multi_head_attention(Inference& at) {
  at.output(0, at.dtype(0));
  const Dims *q = at.shape(0), *v = at.shape(2);
  if (q && q->size() == 3 && v && v->size() == 3) at.output(0, at.dtype(0), Dims{(*q)[0], (*q)[1], (*v)[2]});
}

}  // namespace bw::rule
