// Where elements are: the largest, the first k, the non-zero ones.
#include <algorithm>
#include <numeric>

#include "graph/evaluate/catalog.h"
#include "graph/evaluate/elements.h"

namespace bw {

namespace {

template <bool largest>
Outputs arg_extreme(const Call& call) {
  const Tensor& x = call.input(0);
  const std::size_t axis = call.axis(call.int_of("axis"), x.rank());
  const bool last = call.int_of("select_last_index") != 0;
  const AxisView view(x.shape(), axis);
  call.require(view.extent > 0, "the axis is empty");
  const std::vector<double> values = to_doubles(x);
  std::vector<std::int64_t> winners;
  for (std::size_t o = 0; o < view.outer; ++o)
    for (std::size_t i = 0; i < view.inner; ++i) {
      std::size_t best = 0;
      for (std::size_t k = 1; k < view.extent; ++k) {
        const double now = values[view.at(o, k, i)], old = values[view.at(o, best, i)];
        if ((largest ? now > old : now < old) || (last && now == old)) best = k;
      }
      winners.push_back(static_cast<std::int64_t>(best));
    }
  Shape shape = x.shape();
  shape[axis] = 1;
  if (call.int_of("keepdims") == 0) shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
  return {tensor_of(winners, shape, DType::Int64)};
}

// Equal elements keep their order, the smaller index first.
Outputs top_k(const Call& call) {
  const Tensor& x = call.input(0);
  const std::size_t axis = call.axis(call.int_of("axis"), x.rank());
  const std::int64_t k = call.has(1) ? call.integer(1) : call.int_of("k");
  call.require(k >= 0 && k <= x.shape()[axis], "k is outside the axis");
  const bool largest = call.int_of("largest") != 0;
  const AxisView view(x.shape(), axis);
  const std::vector<double> values = to_doubles(x);
  Shape shape = x.shape();
  shape[axis] = k;
  const AxisView result(shape, axis);
  std::vector<std::int64_t> picked(result.outer * result.extent * result.inner), places(picked.size());
  std::vector<std::size_t> order(view.extent);
  for (std::size_t o = 0; o < view.outer; ++o)
    for (std::size_t i = 0; i < view.inner; ++i) {
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const double x_a = values[view.at(o, a, i)], x_b = values[view.at(o, b, i)];
        return largest ? x_a > x_b : x_a < x_b;
      });
      for (std::size_t n = 0; n < result.extent; ++n) {
        picked[result.at(o, n, i)] = static_cast<std::int64_t>(view.at(o, order[n], i));
        places[result.at(o, n, i)] = static_cast<std::int64_t>(order[n]);
      }
    }
  return {take(x, shape, picked), tensor_of(places, shape, DType::Int64)};
}

Outputs non_zero(const Call& call) {
  const Tensor& x = call.input(0);
  const std::vector<double> values = to_doubles(x);
  const Shape strides = strides_of(x.shape());
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] != 0) found.push_back(i);
  std::vector<std::int64_t> places;
  for (std::size_t axis = 0; axis < x.rank(); ++axis)
    for (std::size_t i : found) places.push_back(static_cast<std::int64_t>(i) / strides[axis] % x.shape()[axis]);
  return {
      tensor_of(places, {static_cast<std::int64_t>(x.rank()), static_cast<std::int64_t>(found.size())}, DType::Int64)};
}

constexpr ReferenceKernel kKernels[] = {
    {"ArgMax", arg_extreme<true>},
    {"ArgMin", arg_extreme<false>},
    {"NonZero", non_zero},
    {"TopK", top_k},
};

}  // namespace

std::span<const ReferenceKernel> search_kernels() {
  return kKernels;
}

}  // namespace bw
