// Shapes, constants, and operators that only give the same elements another shape.
#include <algorithm>
#include <cmath>

#include "graph/evaluate/catalog.h"
#include "graph/evaluate/elements.h"
#include "graph/ops/constant.h"

namespace bw {

namespace {

Outputs identity(const Call& call) {
  return {call.input(0)};
}

Outputs dropout(const Call& call) {
  if (call.has(2) && to_int64s(call.input(2)) != std::vector<std::int64_t>{0})
    call.fail("training mode is not interpreted", InputClass::Unsupported);
  const Tensor& x = call.input(0);
  const std::vector<std::int64_t> kept(x.size(), 1);
  return {x, tensor_of(kept, x.shape(), call.opset >= 10 ? DType::Bool : x.dtype())};
}

Outputs shape_of(const Call& call) {
  const Shape& shape = call.input(0).shape();
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto bound = [&](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank); };
  const std::int64_t start = bound(call.int_of("start")), end = bound(call.node.int_or("end", rank));
  const Shape part(shape.begin() + start, shape.begin() + std::max(start, end));
  return {Tensor::of<std::int64_t>({static_cast<std::int64_t>(part.size())}, std::span<const std::int64_t>(part))};
}

Outputs size_of(const Call& call) {
  return {Tensor::scalar(static_cast<std::int64_t>(call.input(0).size()))};
}

Outputs constant(const Call& call) {
  const Tensor content = content_of(call.node);
  if (!content.defined()) call.fail("this kind of constant is not interpreted", InputClass::Unsupported);
  return {content};
}

Outputs constant_of_shape(const Call& call) {
  const Shape shape = call.integers(0);
  Tensor value = Tensor::scalar(0.0f);
  if (const Attribute* given = call.node.find("value"))
    if (const Tensor* tensor = std::get_if<Tensor>(&given->data)) value = *tensor;
  call.require(value.size() == 1, "attribute 'value' must have one element");
  return {take(value, shape, std::vector<std::int64_t>(call.result_size(shape), 0))};
}

Outputs range(const Call& call) {
  const DType dtype = call.input(0).dtype();
  if (info(dtype).is_integer) {
    const std::int64_t start = call.integer(0), limit = call.integer(1), delta = call.integer(2);
    call.require(delta != 0, "the step is zero");
    const double span = (static_cast<double>(limit) - static_cast<double>(start)) / static_cast<double>(delta);
    const Shape shape{static_cast<std::int64_t>(std::clamp(std::ceil(span), 0.0, 9e18))};
    std::vector<std::int64_t> values(call.result_size(shape));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(start) + i * static_cast<std::uint64_t>(delta));
    return {tensor_of(values, shape, dtype)};
  }
  const double start = call.number(0), limit = call.number(1), delta = call.number(2);
  const double span = std::ceil((limit - start) / delta);
  call.require(std::isfinite(span), "the range is not finite");
  const Shape shape{static_cast<std::int64_t>(std::clamp(span, 0.0, 9e18))};
  std::vector<double> values(call.result_size(shape));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = start + static_cast<double>(i) * delta;
  return {tensor_of(values, shape, dtype)};
}

Outputs reshape(const Call& call) {
  const Tensor& x = call.input(0);
  Shape shape = call.integers(1);
  const bool allow_zero = call.int_of("allowzero") != 0;
  std::size_t known = 1, open = shape.size();
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && !allow_zero) {
      call.require(i < x.rank(), "a 0 stands where the data have no dimension");
      shape[i] = x.shape()[i];
    }
    if (shape[i] == -1) {
      call.require(open == shape.size(), "more than one dimension is -1");
      open = i;
    }
  }
  if (open < shape.size()) {
    shape[open] = 1;
    known = call.result_size(shape);
    call.require(known != 0 && x.size() % known == 0, "the data do not fill the shape");
    shape[open] = static_cast<std::int64_t>(x.size() / known);
  }
  call.require(call.result_size(shape) == x.size(), "the data do not fill the shape");
  return {x.reshaped(shape)};
}

Outputs flatten(const Call& call) {
  const Tensor& x = call.input(0);
  std::int64_t axis = call.int_of("axis");
  const auto rank = static_cast<std::int64_t>(x.rank());
  call.require(axis >= -rank && axis <= rank, "the axis is outside the tensor");
  if (axis < 0) axis += rank;
  const auto head =
      static_cast<std::int64_t>(element_count(std::span(x.shape()).first(static_cast<std::size_t>(axis))));
  const auto tail =
      static_cast<std::int64_t>(element_count(std::span(x.shape()).subspan(static_cast<std::size_t>(axis))));
  return {x.reshaped({head, tail})};
}

// Axes are an attribute before opset 13 and an input since.
std::vector<bool> chosen_axes(const Call& call, std::size_t rank) {
  const std::vector<std::int64_t> axes = call.has(1) ? call.integers(1) : call.node.ints_or("axes", {});
  std::vector<bool> chosen(rank, false);
  for (std::int64_t axis : axes) {
    const std::size_t at = call.axis(axis, rank);
    call.require(!chosen[at], "an axis is given twice");
    chosen[at] = true;
  }
  return chosen;
}

Outputs squeeze(const Call& call) {
  const Tensor& x = call.input(0);
  const bool given = call.has(1) || call.node.find("axes");
  const std::vector<bool> chosen = chosen_axes(call, x.rank());
  Shape shape;
  for (std::size_t i = 0; i < x.rank(); ++i) {
    const bool drop = given ? chosen[i] : x.shape()[i] == 1;
    call.require(!drop || x.shape()[i] == 1, "a dimension to drop is not 1");
    if (!drop) shape.push_back(x.shape()[i]);
  }
  return {x.reshaped(shape)};
}

Outputs unsqueeze(const Call& call) {
  const Tensor& x = call.input(0);
  const std::size_t added = call.has(1) ? call.input(1).size() : call.node.ints_or("axes", {}).size();
  const std::vector<bool> chosen = chosen_axes(call, x.rank() + added);
  Shape shape;
  auto next = x.shape().begin();
  for (bool is_new : chosen) shape.push_back(is_new ? 1 : *next++);
  return {x.reshaped(shape)};
}

Outputs eye_like(const Call& call) {
  const Tensor& x = call.input(0);
  call.require(x.rank() == 2, "the input must have rank 2");
  const std::int64_t rows = x.shape()[0], columns = x.shape()[1];
  const std::int64_t k = std::clamp(call.int_of("k"), -rows, columns),
                     to = call.node.int_or("dtype", static_cast<std::int64_t>(x.dtype()));
  call.require(to > 0 && to < 256 && is_known_dtype(static_cast<int>(to)), "attribute 'dtype' is not an element type");
  std::vector<std::int64_t> values(x.size(), 0);
  for (std::int64_t row = 0; row < rows; ++row)
    if (row + k >= 0 && row + k < columns) values[static_cast<std::size_t>(row * columns + row + k)] = 1;
  return {tensor_of(values, x.shape(), static_cast<DType>(to))};
}

constexpr ReferenceKernel kKernels[] = {
    {"Constant", constant}, {"ConstantOfShape", constant_of_shape},
    {"Dropout", dropout},   {"EyeLike", eye_like},
    {"Flatten", flatten},   {"Identity", identity},
    {"Range", range},       {"Reshape", reshape},
    {"Shape", shape_of},    {"Size", size_of},
    {"Squeeze", squeeze},   {"Unsqueeze", unsqueeze},
};

}  // namespace

std::span<const ReferenceKernel> shape_kernels() {
  return kKernels;
}

}  // namespace bw
