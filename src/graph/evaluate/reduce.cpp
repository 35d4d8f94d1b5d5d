// Reductions over axes and running sums. Sums are taken in double, in row-major order.
#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/evaluate/catalog.h"
#include "graph/evaluate/elements.h"

namespace bw {

namespace {

// Which group each element falls into, and the shape of the groups.
struct Groups {
  std::vector<std::int64_t> of_element;
  Shape shape;  // with kept dimensions of 1 or without
  std::size_t count = 0;
  bool none = false;  // nothing is reduced: the operator is a no-op
};

// Axes are an attribute before opset 13 or 18 and an input since.
Groups group(const Call& call) {
  const Tensor& x = call.input(0);
  const std::vector<std::int64_t> axes = call.has(1) ? call.integers(1) : call.node.ints_or("axes", {});
  Groups groups;
  groups.none = axes.empty() && call.node.int_or("noop_with_empty_axes", 0) != 0;
  std::vector<bool> reduced(x.rank(), axes.empty() && !groups.none);
  for (std::int64_t axis : axes) reduced[call.axis(axis, x.rank())] = true;
  Shape kept = x.shape();
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (reduced[i]) kept[i] = 1;
  const bool keep = call.int_of("keepdims") != 0;
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (keep || !reduced[i]) groups.shape.push_back(kept[i]);
  groups.count = call.result_size(kept);
  Shape strides = strides_of(kept);
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (reduced[i]) strides[i] = 0;
  groups.of_element = grid(all_positions(x.shape()), strides);
  return groups;
}

struct Reduction {
  double start;
  double (*step)(double so_far, double x);
  double (*finish)(double total, double count);
};

double same(double total, double) {
  return total;
}

template <const Reduction& reduction>
Outputs reduce(const Call& call) {
  const Tensor& x = call.input(0);
  const Groups groups = group(call);
  std::vector<double> totals(groups.count, reduction.start), counts(groups.count, 0);
  const std::vector<double> values = to_doubles(x);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto at = static_cast<std::size_t>(groups.of_element[i]);
    totals[at] = reduction.step(totals[at], values[i]);
    ++counts[at];
  }
  for (std::size_t i = 0; i < totals.size(); ++i) totals[i] = reduction.finish(totals[i], counts[i]);
  return {tensor_of(totals, groups.shape, x.dtype())};
}

constexpr Reduction kSum{0, [](double a, double x) { return a + x; }, same};
constexpr Reduction kMean{0, [](double a, double x) { return a + x; }, [](double a, double n) { return a / n; }};
constexpr Reduction kProduct{1, [](double a, double x) { return a * x; }, same};
constexpr Reduction kAbsolute{0, [](double a, double x) { return a + std::fabs(x); }, same};
constexpr Reduction kSquare{0, [](double a, double x) { return a + x * x; }, same};
constexpr Reduction kNorm{0, [](double a, double x) { return a + x * x; },
                          [](double a, double) { return std::sqrt(a); }};
constexpr Reduction kLogSum{0, [](double a, double x) { return a + x; }, [](double a, double) { return std::log(a); }};

// Integers beyond 53 bits need an arithmetic of their own.
Outputs reduce_sum(const Call& call) {
  const Tensor& x = call.input(0);
  const Groups groups = group(call);
  if (groups.none) return {x};
  if (!info(x.dtype()).is_integer) return reduce<kSum>(call);
  std::vector<std::int64_t> totals(groups.count, 0);
  const std::vector<std::int64_t> values = to_int64s(x);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::int64_t& total = totals[static_cast<std::size_t>(groups.of_element[i])];
    total = static_cast<std::int64_t>(static_cast<std::uint64_t>(total) + static_cast<std::uint64_t>(values[i]));
  }
  return {tensor_of(totals, groups.shape, x.dtype())};
}

// The element that wins in each group, so that every type keeps its exact value. An empty group gives the worst value.
template <bool largest>
Outputs reduce_extreme(const Call& call) {
  const Tensor& x = call.input(0);
  const Groups groups = group(call);
  std::vector<std::int64_t> best(groups.count, -1);
  const std::vector<double> values = to_doubles(x);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::int64_t& winner = best[static_cast<std::size_t>(groups.of_element[i])];
    if (winner >= 0) {
      const double old = values[static_cast<std::size_t>(winner)];
      const bool better = largest ? values[i] > old : values[i] < old;
      if (std::isnan(old) || !(better || std::isnan(values[i]))) continue;
    }
    winner = static_cast<std::int64_t>(i);
  }
  const double infinity = std::numeric_limits<double>::infinity();
  const double least = x.dtype() == DType::Bool ? 0 : -infinity;
  return {take(x, groups.shape, best, tensor_of(std::vector<double>{largest ? least : infinity}, {}, x.dtype()))};
}

Outputs reduce_log_sum_exp(const Call& call) {
  const Tensor& x = call.input(0);
  const Groups groups = group(call);
  const std::vector<double> values = to_doubles(x);
  std::vector<double> most(groups.count, -std::numeric_limits<double>::infinity()), totals(groups.count, 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    double& top = most[static_cast<std::size_t>(groups.of_element[i])];
    top = std::max(top, values[i]);
  }
  for (double& top : most)
    if (std::isinf(top)) top = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto at = static_cast<std::size_t>(groups.of_element[i]);
    totals[at] += std::exp(values[i] - most[at]);
  }
  for (std::size_t i = 0; i < totals.size(); ++i) totals[i] = std::log(totals[i]) + most[i];
  return {tensor_of(totals, groups.shape, x.dtype())};
}

template <bool product>
Outputs cumulate(const Call& call) {
  const Tensor& x = call.input(0);
  const AxisView view(x.shape(), call.axis(call.integer(1), x.rank()));
  const bool exclusive = call.int_of("exclusive") != 0, reverse = call.int_of("reverse") != 0;
  std::vector<double> values = to_doubles(x);
  for (std::size_t o = 0; o < view.outer; ++o)
    for (std::size_t i = 0; i < view.inner; ++i) {
      double total = product ? 1 : 0;
      for (std::size_t step = 0; step < view.extent; ++step) {
        double& value = values[view.at(o, reverse ? view.extent - 1 - step : step, i)];
        const double after = product ? total * value : total + value;
        value = exclusive ? total : after;
        total = after;
      }
    }
  return {tensor_of(values, x.shape(), x.dtype())};
}

constexpr ReferenceKernel kKernels[] = {
    {"CumProd", cumulate<true>},         {"CumSum", cumulate<false>},       {"ReduceL1", reduce<kAbsolute>},
    {"ReduceL2", reduce<kNorm>},         {"ReduceLogSum", reduce<kLogSum>}, {"ReduceLogSumExp", reduce_log_sum_exp},
    {"ReduceMax", reduce_extreme<true>}, {"ReduceMean", reduce<kMean>},     {"ReduceMin", reduce_extreme<false>},
    {"ReduceProd", reduce<kProduct>},    {"ReduceSum", reduce_sum},         {"ReduceSumSquare", reduce<kSquare>},
};

}  // namespace

std::span<const ReferenceKernel> reduce_kernels() {
  return kKernels;
}

}  // namespace bw
