// Operators that read or write at positions given as data.
#include <algorithm>
#include <cmath>

#include "graph/evaluate/catalog.h"
#include "graph/evaluate/elements.h"

namespace bw {

namespace {

// An index counted from the front; Error(semantic) outside [-extent, extent).
std::int64_t checked(const Call& call, std::int64_t index, std::int64_t extent) {
  if (index < -extent || index >= extent)
    call.fail("index " + std::to_string(index) + " is outside an axis of " + std::to_string(extent));
  return index < 0 ? index + extent : index;
}

Outputs gather(const Call& call) {
  const Tensor &x = call.input(0), &at = call.input(1);
  const std::size_t axis = call.axis(call.int_of("axis"), x.rank());
  std::vector<std::vector<std::int64_t>> positions = all_positions(x.shape());
  positions[axis] = call.integers(1);
  for (std::int64_t& index : positions[axis]) index = checked(call, index, x.shape()[axis]);
  Shape shape(x.shape().begin(), x.shape().begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), at.shape().begin(), at.shape().end());
  shape.insert(shape.end(), x.shape().begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.shape().end());
  call.result_size(shape);
  return {take(x, shape, grid(positions, strides_of(x.shape())))};
}

// For each element of `shape`, the flat index in `data` of the same place with its position on the axis replaced.
std::vector<std::int64_t> along_axis(const Call& call, const Shape& data, const Tensor& at, std::size_t axis) {
  call.require(at.rank() == data.size(), "indices must have the rank of the data");
  const std::vector<std::int64_t> wanted = to_int64s(at);
  const Shape strides = strides_of(data), own = strides_of(at.shape());
  std::vector<std::int64_t> indices(wanted.size(), 0);
  for (std::size_t i = 0; i < wanted.size(); ++i)
    for (std::size_t k = 0; k < data.size(); ++k) {
      std::int64_t position = static_cast<std::int64_t>(i) / own[k] % at.shape()[k];
      if (k == axis) position = checked(call, wanted[i], data[k]);
      call.require(position < data[k], "indices reach outside the data");
      indices[i] += position * strides[k];
    }
  return indices;
}

Outputs gather_elements(const Call& call) {
  const Tensor &x = call.input(0), &at = call.input(1);
  const std::size_t axis = call.axis(call.int_of("axis"), x.rank());
  return {take(x, at.shape(), along_axis(call, x.shape(), at, axis))};
}

// Where the slices that index tuples name begin, and how long each is.
struct Slices {
  std::vector<std::int64_t> starts;
  std::int64_t length = 1;
  Shape shape;  // of one slice
};

Slices slices_of(const Call& call, const Shape& data, const Tensor& at, std::int64_t batch_dims) {
  call.require(at.rank() >= 1, "indices must have rank 1 or more");
  const auto width = static_cast<std::size_t>(at.shape().back());
  const auto batch = static_cast<std::size_t>(batch_dims);
  call.require(batch_dims >= 0 && batch < at.rank() && batch + width <= data.size() && at.shape().back() >= 0,
               "index tuples do not fit the data");
  for (std::size_t k = 0; k < batch; ++k) call.require(data[k] == at.shape()[k], "batch dimensions differ");
  const Shape strides = strides_of(data);
  const std::vector<std::int64_t> values = to_int64s(at);
  Slices slices;
  slices.shape.assign(data.begin() + static_cast<std::ptrdiff_t>(batch + width), data.end());
  slices.length = static_cast<std::int64_t>(element_count(slices.shape));
  const std::size_t tuples = call.result_size(Shape(at.shape().begin(), at.shape().end() - 1));
  const std::size_t batches = static_cast<std::size_t>(element_count(std::span(data).first(batch)));
  const std::int64_t batch_size = batch ? strides[batch - 1] : 0;
  for (std::size_t t = 0; t < tuples; ++t) {
    std::int64_t start = batch ? static_cast<std::int64_t>(t / (tuples / batches)) * batch_size : 0;
    for (std::size_t k = 0; k < width; ++k)
      start += checked(call, values[t * width + k], data[batch + k]) * strides[batch + k];
    slices.starts.push_back(start);
  }
  return slices;
}

Outputs gather_nd(const Call& call) {
  const Tensor &x = call.input(0), &at = call.input(1);
  const Slices slices = slices_of(call, x.shape(), at, call.node.int_or("batch_dims", 0));
  Shape shape(at.shape().begin(), at.shape().end() - 1);
  shape.insert(shape.end(), slices.shape.begin(), slices.shape.end());
  std::vector<std::int64_t> indices;
  indices.reserve(call.result_size(shape));
  for (std::int64_t start : slices.starts)
    for (std::int64_t i = 0; i < slices.length; ++i) indices.push_back(start + i);
  return {take(x, shape, indices)};
}

// Writes updates[i] to data[to[i]], or combines the two; order matters only for plain writes.
Tensor scatter(const Call& call, const Tensor& x, const std::vector<std::int64_t>& to, const Tensor& updates) {
  call.require(updates.dtype() == x.dtype() && updates.size() == to.size(), "updates do not fit");
  const std::string reduction = call.node.string_or("reduction", "none");
  if (reduction == "none") {
    std::vector<std::int64_t> source = positions_from(0, 1, static_cast<std::int64_t>(x.size()));
    for (std::size_t i = 0; i < to.size(); ++i)
      source[static_cast<std::size_t>(to[i])] = static_cast<std::int64_t>(x.size() + i);
    const Tensor both[] = {x, updates};
    return take(join(both), x.shape(), source);
  }
  std::vector<double> values = to_doubles(x);
  const std::vector<double> more = to_doubles(updates);
  for (std::size_t i = 0; i < to.size(); ++i) {
    double& value = values[static_cast<std::size_t>(to[i])];
    if (reduction == "add")
      value += more[i];
    else if (reduction == "mul")
      value *= more[i];
    else if (reduction == "max")
      value = std::max(value, more[i]);
    else if (reduction == "min")
      value = std::min(value, more[i]);
    else
      call.fail("the reduction is not known");
  }
  return tensor_of(values, x.shape(), x.dtype());
}

Outputs scatter_elements(const Call& call) {
  const Tensor& x = call.input(0);
  const std::size_t axis = call.axis(call.int_of("axis"), x.rank());
  return {scatter(call, x, along_axis(call, x.shape(), call.input(1), axis), call.input(2))};
}

Outputs scatter_nd(const Call& call) {
  const Tensor& x = call.input(0);
  const Slices slices = slices_of(call, x.shape(), call.input(1), 0);
  call.require(call.input(2).size() == slices.starts.size() * static_cast<std::size_t>(slices.length),
               "updates do not fit");
  std::vector<std::int64_t> to;
  for (std::int64_t start : slices.starts)
    for (std::int64_t i = 0; i < slices.length; ++i) to.push_back(start + i);
  return {scatter(call, x, to, call.input(2))};
}

Outputs compress(const Call& call) {
  Tensor x = call.input(0);
  const std::vector<std::int64_t> condition = to_int64s(call.input(1));
  const bool flat = !call.node.find("axis");
  if (flat) x = x.reshaped({static_cast<std::int64_t>(x.size())});
  const std::size_t axis = flat ? 0 : call.axis(call.int_of("axis"), x.rank());
  std::vector<std::vector<std::int64_t>> positions = all_positions(x.shape());
  positions[axis].clear();
  for (std::size_t i = 0; i < condition.size() && i < static_cast<std::size_t>(x.shape()[axis]); ++i)
    if (condition[i]) positions[axis].push_back(static_cast<std::int64_t>(i));
  Shape shape = x.shape();
  shape[axis] = static_cast<std::int64_t>(positions[axis].size());
  return {take(x, shape, grid(positions, strides_of(x.shape())))};
}

Outputs one_hot(const Call& call) {
  const Tensor &at = call.input(0), &values = call.input(2);
  const std::vector<double> wanted = to_doubles(at), depths = to_doubles(call.input(1));
  call.require(depths.size() == 1 && depths[0] >= 1 && depths[0] < 1e9 && values.size() == 2,
               "depth or values do not fit");
  const auto depth = static_cast<std::int64_t>(depths[0]);
  const std::size_t axis = call.axis(call.int_of("axis"), at.rank() + 1);
  Shape shape = at.shape();
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis), depth);
  std::vector<std::int64_t> indices(call.result_size(shape), 0);
  const AxisView view(shape, axis);
  for (std::size_t o = 0; o < view.outer; ++o)
    for (std::size_t i = 0; i < view.inner; ++i) {
      const double place = wanted[o * view.inner + i];
      if (!(std::fabs(place) < 1e9)) continue;  // names no class
      auto index = static_cast<std::int64_t>(place);
      if (index < 0) index += depth;
      if (index >= 0 && index < depth) indices[view.at(o, static_cast<std::size_t>(index), i)] = 1;
    }
  return {take(values, shape, indices)};
}

constexpr ReferenceKernel kKernels[] = {
    {"Compress", compress},
    {"Gather", gather},
    {"GatherElements", gather_elements},
    {"GatherND", gather_nd},
    {"OneHot", one_hot},
    {"Scatter", scatter_elements},
    {"ScatterElements", scatter_elements},
    {"ScatterND", scatter_nd},
};

}  // namespace

std::span<const ReferenceKernel> gather_kernels() {
  return kKernels;
}

}  // namespace bw
