// Elements that move along axes.
#include <algorithm>

#include "graph/infer/rules.h"

namespace bw::rule {

void transpose(Inference& at) {
  const Dims* x = at.shape(0);
  if (!x) return at.output(0, at.dtype(0));
  std::vector<std::int64_t> order = at.list("perm");
  if (!at.node().find("perm"))
    for (std::size_t i = x->size(); i > 0; --i) order.push_back(static_cast<std::int64_t>(i - 1));
  at.require(order.size() == x->size(), "perm is no permutation of the axes");
  Dims result;
  for (const std::size_t axis : at.axes(order, x->size())) result.push_back((*x)[axis]);
  at.output(0, at.dtype(0), std::move(result));
}

namespace {

// Inputs from `first` on, every `step`-th, joined along an axis.
std::optional<Dims> joined(const Inference& at, std::size_t first, std::size_t step) {
  std::optional<Dims> result;
  Dim along = number_dim(0);
  std::size_t axis = 0;
  bool all_known = true;
  for (std::size_t i = first; i < at.inputs(); i += step) {
    const Dims* part = at.shape(i);
    if (!part) {
      all_known = false;
      continue;
    }
    axis = at.axis(at.attribute("axis"), part->size());
    along = plus(along, (*part)[axis]);
    if (!result) {
      result = *part;
      continue;
    }
    at.require(part->size() == result->size(), "inputs have different ranks");
    for (std::size_t k = 0; k < result->size(); ++k)
      if (k != axis) (*result)[k] = unified(at, (*result)[k], (*part)[k]);
  }
  if (result) (*result)[axis] = all_known ? along : Dim{};
  return result;
}

}  // namespace

void concat(Inference& at) {
  at.output(0, at.dtype(0), joined(at, 0, 1));
  if (at.dtype(0) != DType::Int64 && at.dtype(0) != DType::Int32) return;
  Contents result;
  for (std::size_t i = 0; i < at.inputs(); ++i) {
    const auto part = at.elements(i);
    if (!part || part->scalar) return;
    result.elements.insert(result.elements.end(), part->elements.begin(), part->elements.end());
    if (result.elements.size() > kLongestContents) return;
  }
  at.contents_of_output(std::move(result));
}

// Inputs: scale and zero point of the result, then each part with its scale and zero point.
void qlinear_concat(Inference& at) {
  at.output(0, at.dtype(1), joined(at, 2, 3));
}

namespace {

// Sizes of the parts: given, or equal with a smaller last one. Unknown where nobody knows.
Dims part_sizes(const Inference& at, const Dim& extent) {
  std::vector<std::int64_t> given = at.list("split");
  if (at.has(1)) {
    const auto contents = at.contents(1);
    if (!contents) return unknown_dims(at.outputs());
    Dims sizes;
    for (const Extent& size : contents->elements) sizes.push_back(size.dim());
    at.require(sizes.size() == at.outputs(), "the sizes are not one an output");
    return sizes;
  }
  Dims sizes;
  for (const std::int64_t size : given) sizes.push_back(number_dim(size));
  at.require(sizes.empty() || sizes.size() == at.outputs(), "the sizes are not one an output");
  if (!sizes.empty()) return sizes;
  const auto parts = static_cast<std::int64_t>(at.outputs());
  if (parts == 1) return {extent};
  if (!extent.known()) return unknown_dims(at.outputs());
  const std::int64_t size = extent.value / parts + (extent.value % parts != 0);
  sizes.assign(at.outputs(), number_dim(size));
  const std::int64_t last = extent.value - (parts - 1) * size;
  sizes.back() = last < 0 ? Dim{} : number_dim(last);
  return sizes;
}

}  // namespace

void split(Inference& at) {
  const Dims* x = at.shape(0);
  for (std::size_t i = 0; i < at.outputs(); ++i) at.output(i, at.dtype(0));
  if (!x) return;
  const std::size_t axis = at.axis(at.attribute("axis"), x->size());
  const Dims sizes = part_sizes(at, (*x)[axis]);
  const Dim all = [&] {
    Dim sum = number_dim(0);
    for (const Dim& size : sizes) sum = size.known() && sum.known() ? plus(sum, size) : Dim{};
    return sum;
  }();
  if (all.known()) unified(at, all, (*x)[axis]);
  for (std::size_t i = 0; i < at.outputs(); ++i) {
    Dims part = *x;
    part[axis] = sizes[i];
    at.output(i, at.dtype(0), std::move(part));
  }
}

namespace {

// start:end:step along one axis, as NumPy has it.
struct Cut {
  std::int64_t start, end, step;
};

struct Range {
  std::int64_t first, count;
};

Range range_of(const Cut& cut, std::int64_t extent) {
  const std::int64_t low = cut.step > 0 ? 0 : -1, high = cut.step > 0 ? extent : extent - 1;
  const auto bound = [&](std::int64_t place) { return std::clamp(place < 0 ? place + extent : place, low, high); };
  const std::int64_t start = bound(cut.start), end = bound(cut.end);
  if (cut.step > 0 ? start >= end : start <= end) return {start, 0};
  // The distance is at most the extent; a larger step takes one element.
  const std::int64_t distance = cut.step > 0 ? end - start : start - end;
  const std::int64_t step = cut.step > 0 ? cut.step : cut.step < -distance ? distance : -cut.step;
  return {start, (distance - 1) / step + 1};
}

constexpr std::int64_t kEndless = std::int64_t{1} << 31;  // exporters write INT32_MAX or INT64_MAX for "to the end"

Dim cut_dim(const Cut& cut, const Dim& extent) {
  if (extent.known()) return number_dim(range_of(cut, extent.value).count);
  if (cut.step == 1 && cut.start == 0 && cut.end >= kEndless - 1) return extent;
  return {};
}

struct Cuts {
  std::vector<std::size_t> axes;
  std::vector<std::optional<Cut>> cuts;  // nullopt: not known
};

// Numbers of a list, each known or not; nullopt when it is not known how many.
using Numbers = std::vector<std::optional<std::int64_t>>;
std::optional<Numbers> numbers(const Inference& at, std::size_t input) {
  const auto contents = at.elements(input);
  if (!contents) return std::nullopt;
  Numbers all;
  for (const Extent& extent : contents->elements) all.push_back(extent.number);
  return all;
}

std::optional<Cuts> cuts_of(const Inference& at, std::size_t rank) {
  const bool by_inputs = at.inputs() > 1;
  const auto list = [&](std::size_t input, const char* name) -> std::optional<Numbers> {
    if (by_inputs) return at.has(input) ? numbers(at, input) : Numbers{};
    const auto given = at.list(name);
    return Numbers(given.begin(), given.end());
  };
  auto starts = list(1, "starts"), ends = list(2, "ends"), axes = list(3, "axes");
  auto steps = by_inputs ? list(4, "") : Numbers{};
  if (!axes || !steps || !(starts || ends)) return std::nullopt;
  const std::size_t count = starts ? starts->size() : ends->size();
  for (auto* numbers : {&starts, &ends})
    if (!*numbers) *numbers = Numbers(count);
  if (steps->empty()) steps = Numbers(count, 1);
  if (axes->empty())
    for (std::size_t i = 0; i < count; ++i) axes->push_back(static_cast<std::int64_t>(i));
  at.require(starts->size() == count && ends->size() == count && axes->size() == count && steps->size() == count,
             "starts, ends, axes and steps are not equally many");
  Cuts cuts;
  for (std::size_t i = 0; i < count; ++i) {
    if (!(*axes)[i]) return std::nullopt;
    cuts.axes.push_back(at.axis(*(*axes)[i], rank));
    at.require((*steps)[i] != 0, "a step is 0");
    const bool known = (*starts)[i] && (*ends)[i] && (*steps)[i];
    cuts.cuts.push_back(known ? std::optional(Cut{*(*starts)[i], *(*ends)[i], *(*steps)[i]}) : std::nullopt);
  }
  return cuts;
}

}  // namespace

void slice(Inference& at) {
  const Dims* x = at.shape(0);
  if (!x) return at.output(0, at.dtype(0));
  const auto cuts = cuts_of(at, x->size());
  if (!cuts) return at.output(0, at.dtype(0), unknown_dims(x->size()));
  Dims result = *x;
  for (std::size_t i = 0; i < cuts->axes.size(); ++i)
    result[cuts->axes[i]] = cuts->cuts[i] ? cut_dim(*cuts->cuts[i], (*x)[cuts->axes[i]]) : Dim{};
  at.output(0, at.dtype(0), std::move(result));
  const auto contents = at.contents(0);
  if (!contents || contents->scalar || cuts->cuts.size() != 1 || !cuts->cuts[0]) return;
  const Cut cut = *cuts->cuts[0];
  const Range range = range_of(cut, static_cast<std::int64_t>(contents->elements.size()));
  Contents part;
  for (std::int64_t i = 0; i < range.count; ++i)
    part.elements.push_back(contents->elements[static_cast<std::size_t>(range.first + (i ? i * cut.step : 0))]);
  at.contents_of_output(std::move(part));
}

void tile(Inference& at) {
  const Dims* x = at.shape(0);
  const auto repeats = at.contents(1);
  if (!x)
    return at.output(0, at.dtype(0), repeats ? std::optional(unknown_dims(repeats->elements.size())) : std::nullopt);
  Dims result = *x;
  if (repeats) at.require(repeats->elements.size() == x->size(), "the repeats are not one an axis");
  for (std::size_t i = 0; i < result.size(); ++i) {
    const Dim both[] = {result[i], repeats ? repeats->elements[i].dim() : Dim{}};
    result[i] = product(both);
  }
  at.output(0, at.dtype(0), std::move(result));
}

// Pads are an attribute before opset 11 and an input since; negative ones crop.
void pad(Inference& at) {
  const Dims* x = at.shape(0);
  if (!x) return at.output(0, at.dtype(0));
  Dims result = unknown_dims(x->size());
  const auto given = at.has(3) ? at.integers(3) : std::vector<std::int64_t>{};
  std::optional<Numbers> pads = numbers(at, 1);
  if (!at.has(1)) {
    const auto list = at.list("pads");
    pads = Numbers(list.begin(), list.end());
  }
  if (!given || !pads) return at.output(0, at.dtype(0), std::move(result));
  std::vector<std::size_t> axes = at.axes(*given, x->size());
  if (!at.has(3))
    for (std::size_t i = 0; i < x->size(); ++i) axes.push_back(i);
  at.require(pads->size() == 2 * axes.size(), "two pads an axis are needed");
  result = *x;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto before = (*pads)[i], after = (*pads)[i + axes.size()];
    Dim& dim = result[axes[i]];
    std::int64_t sum = 0;
    if (before && after && *before == 0 && *after == 0) continue;
    const bool known = before && after && dim.known() && !__builtin_add_overflow(dim.value, *before, &sum) &&
                       !__builtin_add_overflow(sum, *after, &sum);
    if (known) at.require(sum >= 0, "the pads crop more than there is");
    dim = known ? number_dim(sum) : Dim{};
  }
  at.output(0, at.dtype(0), std::move(result));
}

}  // namespace bw::rule
