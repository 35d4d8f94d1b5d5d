// Axes that move, are joined and cut, merged and split.
#include <algorithm>

#include "graph/couple/rules.h"

namespace bw::couple {

namespace {

using Dims = std::vector<Dim>;

int size(const Dims& shape) {
  return static_cast<int>(shape.size());
}

bool same(const Dim& a, const Dim& b) {
  return a == b && (a.known() || !a.symbol.empty());
}

// All axes of equal place but one.
void tie_others(Operands& at, int input, int output, int axis) {
  const auto* x = at.input(input);
  for (int i = 0; x && i < size(*x); ++i)
    if (i != axis) at.tie(Tie::Each, in(input, i), out(output, i));
}

// The attribute axis, from the front; -1 where it is outside.
int axis_of(const Operands& at, const Dims& shape) {
  const auto axis = at.attribute("axis"), rank = static_cast<std::int64_t>(shape.size());
  const std::int64_t from_front = axis < 0 ? axis + rank : axis;
  return from_front < 0 || from_front >= rank ? -1 : static_cast<int>(from_front);
}

}  // namespace

void transpose(Operands& at) {
  const auto* x = at.input(0);
  if (!x) return;
  std::vector<std::int64_t> order = at.node().ints_or("perm", {});
  if (order.empty())
    for (int i = size(*x); i > 0; --i) order.push_back(i - 1);
  for (std::size_t i = 0; i < order.size(); ++i)
    at.tie(Tie::Each, in(0, static_cast<int>(order[i])), out(0, static_cast<int>(i)));
}

namespace {

// Axes [from, from + count) of one operand, whose product is one axis of the other.
void tie_product(Operands& at, const OperandAxis& first, int count, const OperandAxis& whole) {
  for (int i = 0; i < count; ++i) {
    std::int64_t outer = 1, inner = 1;
    for (int k = 0; k < count; ++k) {
      OperandAxis part = first;
      part.axis += k;
      if (k < i) outer *= at.extent(part);
      if (k > i) inner *= at.extent(part);
    }
    OperandAxis part = first;
    part.axis += i;
    at.tie(Tie::Each, part, whole, outer, inner);
  }
}

// Where axes of `from` and `to`, taken from both fronts, have equal products: the least number of each, at least one.
// Nothing when an extent that is needed is not a number.
std::optional<std::pair<int, int>> block(const Dims& from, int i, const Dims& to, int k) {
  if (same(from[static_cast<std::size_t>(i)], to[static_cast<std::size_t>(k)])) return std::pair(1, 1);
  std::int64_t left = from[static_cast<std::size_t>(i)].value, right = to[static_cast<std::size_t>(k)].value;
  int a = 1, b = 1;
  while (left > 0 && right > 0 && left != right) {
    const bool take_left = left < right;
    const int next = take_left ? i + a++ : k + b++;
    const Dims& dims = take_left ? from : to;
    if (next >= size(dims)) return std::nullopt;
    const std::int64_t extent = dims[static_cast<std::size_t>(next)].value;
    std::int64_t& product = take_left ? left : right;
    if (extent < 1 || __builtin_mul_overflow(product, extent, &product)) return std::nullopt;
  }
  return left > 0 && left == right ? std::optional(std::pair(a, b)) : std::nullopt;
}

}  // namespace

void reshape(Operands& at) {
  const auto *x = at.input(0), *y = at.output(0);
  if (!x || !y) return;
  int i = 0, k = 0;
  while (i < size(*x) && k < size(*y)) {
    const auto found = block(*x, i, *y, k);
    if (!found) break;
    const auto [a, b] = *found;
    if (b == 1) tie_product(at, in(0, i), a, out(0, k));
    if (a == 1 && b > 1) tie_product(at, out(0, k), b, in(0, i));
    i += a;
    k += b;
  }
  // What a symbol hides from the front may be seen from the end.
  for (int from_end = 1; size(*x) - from_end >= i && size(*y) - from_end >= k; ++from_end) {
    const int last = size(*x) - from_end, to = size(*y) - from_end;
    if (!same((*x)[static_cast<std::size_t>(last)], (*y)[static_cast<std::size_t>(to)])) break;
    at.tie(Tie::Each, in(0, last), out(0, to));
  }
}

namespace {

// Where the next part begins; -1: not known.
std::int64_t after(std::int64_t before, std::int64_t extent) {
  std::int64_t sum = 0;
  return before < 0 || extent < 0 || __builtin_add_overflow(before, extent, &sum) ? -1 : sum;
}

void tie_parts(Operands& at, int first, int step) {
  const auto* y = at.output(0);
  const int axis = y ? axis_of(at, *y) : -1;
  std::int64_t before = 0;
  for (int input = first; axis >= 0 && input < at.inputs(); input += step) {
    tie_others(at, input, 0, axis);
    at.tie_part(in(input, axis), out(0, axis), before);
    before = after(before, at.extent(in(input, axis)));
  }
}

}  // namespace

void concat(Operands& at) {
  tie_parts(at, 0, 1);
}

// Inputs: scale and zero point of the result, then each part with its scale and zero point.
void qlinear_concat(Operands& at) {
  tie_parts(at, 2, 3);
}

void split(Operands& at) {
  const auto* x = at.input(0);
  const int axis = x ? axis_of(at, *x) : -1;
  std::int64_t before = 0;
  for (int output = 0; axis >= 0 && output < at.outputs(); ++output) {
    tie_others(at, 0, output, axis);
    at.tie_part(out(output, axis), in(0, axis), before);
    before = after(before, at.extent(out(output, axis)));
  }
}

// The axes that Slice, Pad and their kin do not name.
void unchanged(Operands& at) {
  const auto *x = at.input(0), *y = at.output(0);
  if (!x || !y || x->size() != y->size()) return;
  const int axes_input = at.node().is("Slice") || at.node().is("Pad") ? 3 : -1;
  std::optional<std::vector<std::int64_t>> axes = at.node().ints_or("axes", {});
  if (axes_input > 0 && at.has(axes_input)) axes = at.integers(axes_input);
  if (!axes || axes->empty()) return;
  for (int i = 0; i < size(*x); ++i)
    if (std::find(axes->begin(), axes->end(), i) == axes->end() &&
        std::find(axes->begin(), axes->end(), i - size(*x)) == axes->end())
      at.tie(Tie::Each, in(0, i), out(0, i));
}

// Axes that keep their extent keep their elements, unless a region of the image is asked for.
void resize(Operands& at) {
  const auto *x = at.input(0), *y = at.output(0);
  if (!x || !y || x->size() != y->size()) return;
  if (at.node().string_or("coordinate_transformation_mode", "") == "tf_crop_and_resize") return;
  for (int i = 0; i < size(*x); ++i)
    if (same((*x)[static_cast<std::size_t>(i)], (*y)[static_cast<std::size_t>(i)]))
      at.tie(Tie::Each, in(0, i), out(0, i));
}

// The input over and over.
void tile(Operands& at) {
  const auto* x = at.input(0);
  for (int i = 0; x && i < size(*x); ++i) {
    const std::int64_t from = at.extent(in(0, i)), to = at.extent(out(0, i));
    if (from > 0 && to > 0) at.tie(Tie::Each, in(0, i), out(0, i), to / from);
  }
}

// The axes of the data beside the one that is chosen along, and those of the indices in its place.
void gather(Operands& at) {
  const auto *data = at.input(0), *indices = at.input(1);
  const int axis = data && indices ? axis_of(at, *data) : -1;
  if (axis < 0) return;
  for (int i = 0; i < size(*data); ++i)
    if (i != axis) at.tie(Tie::Each, in(0, i), out(0, i < axis ? i : i + size(*indices) - 1));
  for (int i = 0; i < size(*indices); ++i) at.tie(Tie::Each, in(1, i), out(0, axis + i));
}

// Channel (block, c) of the input, or (c, block) in mode CRD, is spread over the image.
void depth_to_space(Operands& at) {
  const std::int64_t block = at.attribute("blocksize"), places = block * block;
  const bool last = at.node().string_or("mode", "DCR") == "CRD";
  at.tie(Tie::Each, in(0, 0), out(0, 0));
  at.tie(Tie::Each, out(0, 1), in(0, 1), last ? 1 : places, last ? places : 1);
}

void space_to_depth(Operands& at) {
  const std::int64_t block = at.attribute("blocksize"), places = block * block;
  const bool last = at.node().string_or("mode", "DCR") == "CRD";
  at.tie(Tie::Each, in(0, 0), out(0, 0));
  at.tie(Tie::Each, in(0, 1), out(0, 1), last ? 1 : places, last ? places : 1);
}

}  // namespace bw::couple
