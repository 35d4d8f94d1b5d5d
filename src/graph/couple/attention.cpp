// Attention: query [batch, heads, length, width] or [batch, length, heads * width], key and value alike.
#include "graph/couple/rules.h"

namespace bw::couple {

namespace {

// Packed operands with as many heads of keys and values as of queries.
void packed(Operands& at, std::int64_t heads) {
  for (int input = 0; input < 3; ++input) at.tie(Tie::Each, in(input, 0), out(0, 0));
  at.tie(Tie::Each, in(0, 1), out(0, 1));
  at.tie(Tie::Summed, in(1, 2), in(0, 2));
  at.tie(Tie::Each, in(2, 2), out(0, 2));
  for (const int input : {0, 1}) at.tie_groups(in(input, 2), out(0, 2), heads);
}

int rank(const std::vector<Dim>* shape) {
  return shape ? static_cast<int>(shape->size()) : 0;
}

}  // namespace

// A head of keys and values meets the queries of one head, or of several, which follow each other.
void attention(Operands& at) {
  if (rank(at.input(0)) == 3 && rank(at.input(1)) == 3 && rank(at.input(2)) == 3) {
    const std::int64_t heads = at.attribute("q_num_heads");
    if (heads == at.attribute("kv_num_heads")) packed(at, heads);
  }
  if (rank(at.input(0)) != 4 || rank(at.input(1)) != 4 || rank(at.input(2)) != 4) return;
  for (int input = 0; input < 3; ++input) at.tie(Tie::Each, in(input, 0), out(0, 0));
  for (const int axis : {1, 2}) at.tie(Tie::Each, in(0, axis), out(0, axis));
  const std::int64_t heads = at.extent(in(0, 1)), shared = at.extent(in(1, 1));
  if (heads > 0 && shared > 0)
    for (const int input : {1, 2}) at.tie(Tie::Each, in(input, 1), out(0, 1), 1, heads / shared);
  at.tie(Tie::Summed, in(1, 3), in(0, 3));
  at.tie(Tie::Each, in(2, 3), out(0, 3));
}

void multi_head_attention(Operands& at) {
  if (rank(at.input(0)) == 3 && rank(at.input(1)) == 3 && rank(at.input(2)) == 3) packed(at, at.attribute("num_heads"));
}

// x [batch, length, in], weight [in, query + key + value] and bias: the columns of the values make the output.
void packed_attention(Operands& at) {
  at.tie(Tie::Each, in(0, 0), out(0, 0));
  at.tie(Tie::Summed, in(1, 0), in(0, 2));
  const std::int64_t columns = at.extent(in(1, 1)), width = at.extent(out(0, 2));
  if (columns < width || width < 1) return;
  at.tie_part(out(0, 2), in(1, 1), columns - width);
  if (at.extent(in(2, 0)) == columns) at.tie_part(out(0, 2), in(2, 0), columns - width);
}

}  // namespace bw::couple
