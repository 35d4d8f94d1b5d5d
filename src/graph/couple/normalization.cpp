// Axes that statistics are taken over are mixed; scale and bias follow the channels.
#include "graph/couple/rules.h"

namespace bw::couple {

namespace {

// The axes of x: mixed in [from, to), each otherwise.
void tie_around(Operands& at, int input, std::size_t from, std::size_t to) {
  const auto* x = at.input(input);
  for (std::size_t i = 0; x && i < x->size(); ++i)
    at.tie(i >= from && i < to ? Tie::Mixed : Tie::Each, in(input, static_cast<int>(i)), out(0, static_cast<int>(i)));
}

}  // namespace

void batch_normalization(Operands& at) {
  at.tie_aligned(0);
  for (int vector = 1; vector < 5; ++vector) at.tie(Tie::Each, in(vector, 0), out(0, 1));
}

void instance_normalization(Operands& at) {
  const auto* x = at.input(0);
  if (x) tie_around(at, 0, 2, x->size());
  for (const int vector : {1, 2}) at.tie(Tie::Each, in(vector, 0), out(0, 1));
}

// Before opset 21, scale and bias have one entry a group.
void group_normalization(Operands& at) {
  const auto* x = at.input(0);
  if (!x) return;
  tie_around(at, 0, 1, x->size());
  const std::int64_t groups = at.attribute("num_groups");
  at.tie_groups(in(0, 1), out(0, 1), groups);
  const std::int64_t channels = at.extent(in(0, 1));
  for (const int vector : {1, 2})
    if (at.opset() >= 21)
      at.tie(Tie::Each, in(vector, 0), out(0, 1));
    else if (channels > 0 && channels % groups == 0)
      at.tie(Tie::Each, in(vector, 0), out(0, 1), 1, channels / groups);
}

void layer_normalization(Operands& at) {
  const auto* x = at.input(0);
  if (!x) return;
  const auto rank = static_cast<std::int64_t>(x->size());
  std::int64_t axis = at.attribute("axis");
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) return;
  tie_around(at, 0, static_cast<std::size_t>(axis), x->size());
  for (const int vector : {1, 2}) at.tie_aligned(vector);
}

// Inputs: x, skip, scale, then beta and bias, or bias alone. The bias is added before the statistics are taken.
void skip_layer_normalization(Operands& at) {
  for (const int summand : {0, 1})
    if (const auto* x = at.input(summand); x && !x->empty()) tie_around(at, summand, x->size() - 1, x->size());
  const bool has_beta = !at.node().is("SkipSimplifiedLayerNormalization", "com.microsoft");
  at.tie(Tie::Each, in(2, 0), out(0, -1));
  if (has_beta) at.tie(Tie::Each, in(3, 0), out(0, -1));
  at.tie(Tie::Mixed, in(has_beta ? 4 : 3, 0), out(0, -1));
}

void channels_mixed(Operands& at) {
  tie_around(at, 0, 1, 2);
}

}  // namespace bw::couple
