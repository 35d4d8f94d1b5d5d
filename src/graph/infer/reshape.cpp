// Shapes as data, and the same elements in another shape.
#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/infer/rules.h"
#include "graph/ops/constant.h"
#include "tensor/convert.h"

namespace bw::rule {

void constant(Inference& at) {
  if (const Tensor content = content_of(at.node()); content.defined()) {
    at.constant_of_output(content);
    return at.output(0, ValueType::tensor(content.dtype(), content.shape()));
  }
  if (const Attribute* sparse = at.node().find("sparse_value"))
    if (const auto* tensor = std::get_if<SparseTensor>(&sparse->data))
      at.output(0, ValueType::tensor(tensor->values.dtype(), tensor->shape));
}

void constant_of_shape(Inference& at) {
  const Attribute* value = at.node().find("value");
  const Tensor* tensor = value ? std::get_if<Tensor>(&value->data) : nullptr;
  const DType dtype = tensor ? tensor->dtype() : DType::Float32;
  const auto wanted = at.elements(0);
  if (!wanted) return at.output(0, dtype);
  Dims shape;
  for (const Extent& extent : wanted->elements) {
    at.require(!extent.number || *extent.number >= 0, "a dimension is negative");
    shape.push_back(extent.dim());
  }
  const bool few = shape.empty() || (shape.size() == 1 && shape[0].known() &&
                                     shape[0].value <= static_cast<std::int64_t>(kLongestContents));
  if (few && (dtype == DType::Int64 || dtype == DType::Int32) && (!tensor || tensor->size() == 1)) {
    const Extent element{tensor ? to_int64s(*tensor)[0] : 0, {}};
    const auto count = static_cast<std::size_t>(shape.empty() ? 1 : shape[0].value);
    at.contents_of_output({std::vector<Extent>(count, element), shape.empty()});
  }
  at.output(0, dtype, std::move(shape));
}

void shape(Inference& at) {
  const Dims* x = at.shape(0);
  if (!x) return at.output(0, DType::Int64, Dims{Dim{}});
  const auto rank = static_cast<std::int64_t>(x->size());
  const auto bound = [&](std::int64_t place) {
    return std::clamp<std::int64_t>(place < 0 ? place + rank : place, 0, rank);
  };
  const std::int64_t start = bound(at.attribute("start")),
                     end = std::max(start, at.node().find("end") ? bound(at.attribute("end")) : rank);
  Contents contents;
  for (std::int64_t i = start; i < end; ++i) contents.elements.push_back(Extent::of((*x)[static_cast<std::size_t>(i)]));
  at.contents_of_output(std::move(contents));
  at.output(0, DType::Int64, Dims{number_dim(end - start)});
}

void size(Inference& at) {
  if (const Dims* x = at.shape(0)) at.contents_of_output({{Extent::of(product(*x))}, true});
  at.output(0, DType::Int64, Dims{});
}

namespace {

std::optional<double> number(const Tensor& tensor) {
  if (!tensor.defined() || tensor.size() != 1 || tensor.dtype() == DType::String) return std::nullopt;
  return to_doubles(tensor)[0];
}

std::optional<std::int64_t> steps(const Inference& at) {
  const auto start = at.integer(0), limit = at.integer(1), delta = at.integer(2);
  if (!start || !limit || !delta || *delta == 0) {
    const auto from = number(at.constant(0)), to = number(at.constant(1)), by = number(at.constant(2));
    if (!from || !to || !by) return std::nullopt;
    const double count = std::ceil((*to - *from) / *by);
    return count < 0x1p62 ? std::optional(static_cast<std::int64_t>(std::max(count, 0.0))) : std::nullopt;
  }
  std::int64_t span = 0;
  if (__builtin_sub_overflow(*limit, *start, &span)) return std::nullopt;
  if (span == 0 || (span > 0) != (*delta > 0)) return 0;
  if (*delta == -1) return span == std::numeric_limits<std::int64_t>::min() ? std::nullopt : std::optional(-span);
  return span / *delta + (span % *delta != 0);
}

}  // namespace

void range(Inference& at) {
  const auto count = steps(at);
  const auto start = at.integer(0), delta = at.integer(2), limit = at.integer(1);
  if (count && start && delta && limit && *count <= static_cast<std::int64_t>(kLongestContents)) {
    Contents contents;
    for (std::int64_t i = 0; i < *count; ++i) contents.elements.push_back({*start + i * *delta, {}});
    at.contents_of_output(std::move(contents));
  }
  Dim length = count ? number_dim(*count) : Dim{};
  // 0, 1, ... up to an extent.
  if (const auto open = at.contents(1); !count && start == 0 && delta == 1 && open && open->elements.size() == 1)
    length = open->elements[0].dim();
  at.output(0, at.dtype(0), Dims{length});
}

namespace {

// The target of a Reshape beside the shape that it is taken from.
struct Target {
  Dims dims;
  std::vector<bool> copied;       // dims[i] is the input's own
  std::vector<std::size_t> open;  // not known, or -1: what follows from the number of elements
};

Target target_of(const Inference& at, const Contents& wanted, const Dims* x) {
  const bool zero_is_zero = at.attribute("allowzero") != 0;
  Target target;
  int said = 0;
  for (std::size_t i = 0; i < wanted.elements.size(); ++i) {
    const Extent& extent = wanted.elements[i];
    const bool copy = extent.number == 0 && !zero_is_zero;
    if (copy && x) at.require(i < x->size(), "a 0 stands where the data have no dimension");
    said += extent.number && *extent.number < 0;
    at.require(!extent.number || *extent.number >= -1, "a dimension is below -1");
    target.copied.push_back(copy && x);
    target.dims.push_back(copy ? x ? (*x)[i] : Dim{} : extent.dim());
    if (!target.dims.back().known() && target.dims.back().symbol.empty() && !target.copied.back())
      target.open.push_back(i);
  }
  at.require(said <= 1, "more than one dimension is -1");
  return target;
}

// What is left of the input's extents when those of the target are taken out: the one open dimension.
Dim rest(const Inference& at, Dims from, const Target& target) {
  Dims to;
  Dims left;
  for (std::size_t i = 0; i < target.dims.size(); ++i) {
    if (target.copied[i])
      from[i] = number_dim(1);
    else if (target.open.empty() || i != target.open[0])
      to.push_back(target.dims[i]);
  }
  std::vector<std::int64_t> numbers;
  for (const Dim& dim : to) {
    if (dim.known()) {
      numbers.push_back(dim.value);
      continue;
    }
    const auto same = std::find(from.begin(), from.end(), dim);
    if (same == from.end()) return {};
    *same = number_dim(1);
  }
  const Dim divisor = product([&] {
    Dims dims;
    for (const std::int64_t value : numbers) dims.push_back(number_dim(value));
    return dims;
  }());
  const Dim all = product(from);
  if (!divisor.known() || divisor.value == 0) return {};
  if (!all.known()) return divisor.value == 1 ? all : Dim{};
  at.require(all.value % divisor.value == 0, "the data do not fill the shape");
  return number_dim(all.value / divisor.value);
}

}  // namespace

void reshape(Inference& at) {
  const Dims* x = at.shape(0);
  const auto wanted = at.elements(1);
  if (!wanted) return at.output(0, at.dtype(0));
  Target target = target_of(at, *wanted, x);
  if (x && target.open.size() == 1) {
    target.dims[target.open[0]] = rest(at, *x, target);
  } else if (x && target.open.empty()) {
    const Dim from = product(*x), to = product(target.dims);
    if (from.known() && to.known()) at.require(from.value == to.value, "the data do not fill the shape");
  }
  at.output(0, at.dtype(0), std::move(target.dims));
  // Numbers stay what they are.
  if (auto contents = at.contents(0); contents && wanted->elements.size() <= 1) {
    contents->scalar = wanted->elements.empty();
    at.contents_of_output(std::move(*contents));
  }
}

void flatten(Inference& at) {
  const Dims* x = at.shape(0);
  if (!x) return at.output(0, at.dtype(0), unknown_dims(2));
  const auto rank = static_cast<std::int64_t>(x->size());
  std::int64_t axis = at.attribute("axis");
  at.require(axis >= -rank && axis <= rank, "the axis is outside of the tensor");
  if (axis < 0) axis += rank;
  const std::span<const Dim> dims(*x);
  const auto head = static_cast<std::size_t>(axis);
  at.output(0, at.dtype(0), Dims{product(dims.first(head)), product(dims.subspan(head))});
}

namespace {

// Axes are an attribute before opset 13 and an input since. nullopt: not known.
std::optional<std::vector<std::int64_t>> axes_of(const Inference& at) {
  if (at.has(1)) return at.integers(1);
  return at.list("axes");
}

// Between a scalar and a vector of one, numbers stay what they are.
void keep_contents(Inference& at, bool scalar) {
  if (auto contents = at.contents(0); contents && contents->elements.size() == 1) {
    contents->scalar = scalar;
    at.contents_of_output(std::move(*contents));
  }
}

}  // namespace

void squeeze(Inference& at) {
  const Dims* x = at.shape(0);
  const auto given = axes_of(at);
  if (!x || !given) return at.output(0, at.dtype(0));
  std::vector<std::size_t> axes = at.axes(*given, x->size());
  if (given->empty() && !at.has(1)) {
    for (std::size_t i = 0; i < x->size(); ++i) {
      if (!(*x)[i].known()) return at.output(0, at.dtype(0));  // nobody knows the rank
      if ((*x)[i].value == 1) axes.push_back(i);
    }
  }
  Dims result;
  for (std::size_t i = 0; i < x->size(); ++i) {
    const bool drop = std::find(axes.begin(), axes.end(), i) != axes.end();
    at.require(!drop || !(*x)[i].known() || (*x)[i].value == 1, "a dimension to drop is not 1");
    if (!drop) result.push_back((*x)[i]);
  }
  if (result.size() <= 1) keep_contents(at, result.empty());
  at.output(0, at.dtype(0), std::move(result));
}

void unsqueeze(Inference& at) {
  const Dims* x = at.shape(0);
  const auto given = axes_of(at);
  if (!x || !given) return at.output(0, at.dtype(0));
  const std::size_t rank = x->size() + given->size();
  at.require(given->size() <= kLongestContents, "there are too many axes");
  const std::vector<std::size_t> axes = at.axes(*given, rank);
  Dims result;
  auto next = x->begin();
  for (std::size_t i = 0; i < rank; ++i)
    result.push_back(std::find(axes.begin(), axes.end(), i) != axes.end() ? number_dim(1) : *next++);
  if (rank <= 1) keep_contents(at, rank == 0);
  at.output(0, at.dtype(0), std::move(result));
}

void expand(Inference& at) {
  const auto wanted = at.elements(1);
  if (!wanted) return at.output(0, at.dtype(0));
  Dims target;
  for (const Extent& extent : wanted->elements) {
    at.require(!extent.number || *extent.number >= 0, "a dimension is negative");
    target.push_back(extent.dim());
  }
  at.output(0, at.dtype(0), bw::broadcast(at, {at.shape(0), &target}));
}

}  // namespace bw::rule
