// Axes that are folded away or searched along, and those that are left.
#include "graph/couple/rules.h"

namespace bw::couple {

void pool(Operands& at) {
  for (int output = 0; output < at.outputs(); ++output)
    for (const int axis : {0, 1}) at.tie(Tie::Each, in(0, axis), out(output, axis));
}

void qlinear_pool(Operands& at) {
  at.tie(Tie::Each, in(0, 0), out(0, 0));
  const int channels = at.attribute("channels_last") != 0 ? -1 : 1;
  at.tie(Tie::Each, in(0, channels), out(0, channels));
}

namespace {

// Which axes are folded: of an attribute or a constant input (opset 18; ReduceSum: 13). Nothing when it is not known.
std::optional<std::vector<bool>> folded_axes(const Operands& at, std::size_t rank) {
  std::optional<std::vector<std::int64_t>> axes = at.node().ints_or("axes", {});
  if (at.has(1)) axes = at.integers(1);
  if (!axes) return std::nullopt;
  const bool noop = at.node().int_or("noop_with_empty_axes", 0) != 0;
  std::vector<bool> folded(rank, axes->empty() && !noop);
  for (const std::int64_t axis : *axes) {
    const std::int64_t from_front = axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis;
    if (from_front < 0 || from_front >= static_cast<std::int64_t>(rank)) return std::nullopt;
    folded[static_cast<std::size_t>(from_front)] = true;
  }
  return folded;
}

// The axes of input 0 that are not set, and, mixed, those that are.
void tie_axes(Operands& at, const std::vector<bool>& set, bool keep, bool mixed) {
  for (int output = 0; output < at.outputs(); ++output) {
    int to = 0;
    for (std::size_t i = 0; i < set.size(); ++i) {
      if (!set[i] || mixed) at.tie(set[i] ? Tie::Mixed : Tie::Each, in(0, static_cast<int>(i)), out(output, to));
      to += !set[i] || keep;
    }
  }
}

// The axis of the attribute, as the only one that is set.
std::vector<bool> one_axis(const Operands& at, std::size_t rank) {
  std::vector<bool> set(rank, false);
  const std::int64_t axis = at.attribute("axis"), from_front = axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis;
  if (from_front >= 0 && from_front < static_cast<std::int64_t>(rank)) set[static_cast<std::size_t>(from_front)] = true;
  return set;
}

}  // namespace

void reduce(Operands& at) {
  const auto* x = at.input(0);
  if (!x) return;
  if (const auto folded = folded_axes(at, x->size())) tie_axes(at, *folded, at.attribute("keepdims") != 0, false);
}

void along_axis(Operands& at) {
  const auto *x = at.input(0), *y = at.output(0);
  if (x && y) tie_axes(at, one_axis(at, x->size()), x->size() == y->size(), false);
}

void mixed_along_axis(Operands& at) {
  const auto* x = at.input(0);
  if (!x) return;
  std::vector<bool> mixed = one_axis(at, x->size());
  const bool all_after = at.opset() < 13 && !at.node().is("LpNormalization");
  for (std::size_t i = 1; i < mixed.size() && all_after; ++i) mixed[i] = mixed[i] || mixed[i - 1];
  tie_axes(at, mixed, true, true);
}

}  // namespace bw::couple
