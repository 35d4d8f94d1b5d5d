// Pooling over windows and over whole images.
#include <cmath>

#include "graph/evaluate/elements.h"
#include "graph/evaluate/windows.h"

namespace bw {

namespace {

struct Image {
  std::size_t planes;  // batch * channels
  std::size_t in_size, out_size;
  Shape result;
};

Shape spatial_of(const Call& call, const Tensor& x) {
  call.require(x.rank() >= 3, "the input must have rank 3 or more");
  return Shape(x.shape().begin() + 2, x.shape().end());
}

Image image(const Call& call, const Tensor& x, const Windows& windows) {
  Image image;
  image.result = {x.shape()[0], x.shape()[1]};
  image.result.insert(image.result.end(), windows.output.begin(), windows.output.end());
  call.result_size(image.result);
  image.planes = static_cast<std::size_t>(x.shape()[0] * x.shape()[1]);
  image.in_size = static_cast<std::size_t>(element_count(windows.input));
  image.out_size = static_cast<std::size_t>(element_count(windows.output));
  return image;
}

Windows pool_windows(const Call& call, const Tensor& x) {
  const Shape spatial = spatial_of(call, x);
  call.require(call.node.find("kernel_shape") != nullptr, "kernel_shape is missing");
  return Windows::of(call, spatial, {});
}

Outputs average_pool(const Call& call) {
  const Tensor& x = call.input(0);
  const Windows windows = pool_windows(call, x);
  const Image size = image(call, x, windows);
  const bool count_padding = call.node.int_or("count_include_pad", 0) != 0;
  const std::vector<double> values = to_doubles(x);
  std::vector<double> sums(size.planes * size.out_size, 0), counts(size.out_size, 0);
  windows.for_each([&](const Windows::Meeting& meeting) {
    if (meeting.in >= 0 || (count_padding && meeting.inside_padding)) ++counts[meeting.out];
    if (meeting.in < 0) return;
    for (std::size_t p = 0; p < size.planes; ++p)
      sums[p * size.out_size + meeting.out] += values[p * size.in_size + static_cast<std::size_t>(meeting.in)];
  });
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] /= counts[i % size.out_size];
  return {tensor_of(sums, size.result, x.dtype())};
}

Outputs max_pool(const Call& call) {
  const Tensor& x = call.input(0);
  const Windows windows = pool_windows(call, x);
  const Image size = image(call, x, windows);
  const std::vector<double> values = to_doubles(x);
  std::vector<std::int64_t> best(size.planes * size.out_size, -1);
  windows.for_each([&](const Windows::Meeting& meeting) {
    if (meeting.in < 0) return;
    for (std::size_t p = 0; p < size.planes; ++p) {
      std::int64_t& winner = best[p * size.out_size + meeting.out];
      const auto here = static_cast<std::int64_t>(p * size.in_size) + meeting.in;
      if (winner < 0 || values[static_cast<std::size_t>(here)] > values[static_cast<std::size_t>(winner)])
        winner = here;
    }
  });
  const Tensor pooled = take(x, size.result, best, tensor_of(std::vector<double>{-INFINITY}, {}, x.dtype()));
  if (call.node.int_or("storage_order", 0) != 0 && call.node.outputs.size() > 1)
    call.fail("column-major indices are not interpreted", InputClass::Unsupported);
  return {pooled, tensor_of(best, size.result, DType::Int64)};
}

Outputs lp_pool(const Call& call) {
  const Tensor& x = call.input(0);
  const Windows windows = pool_windows(call, x);
  const Image size = image(call, x, windows);
  const double p = static_cast<double>(call.int_of("p"));
  const std::vector<double> values = to_doubles(x);
  std::vector<double> sums(size.planes * size.out_size, 0);
  windows.for_each([&](const Windows::Meeting& meeting) {
    if (meeting.in < 0) return;
    for (std::size_t plane = 0; plane < size.planes; ++plane)
      sums[plane * size.out_size + meeting.out] +=
          std::pow(std::fabs(values[plane * size.in_size + static_cast<std::size_t>(meeting.in)]), p);
  });
  for (double& sum : sums) sum = std::pow(sum, 1 / p);
  return {tensor_of(sums, size.result, x.dtype())};
}

// One number a plane.
template <class Fold>
Outputs over_planes(const Call& call, const Fold& fold) {
  const Tensor& x = call.input(0);
  const Shape spatial = spatial_of(call, x);
  Shape shape(x.rank(), 1);
  shape[0] = x.shape()[0];
  shape[1] = x.shape()[1];
  const std::size_t size = static_cast<std::size_t>(element_count(spatial));
  const std::vector<double> values = to_doubles(x);
  std::vector<double> results;
  for (std::size_t p = 0; p < call.result_size(shape); ++p)
    results.push_back(fold(std::span(values).subspan(p * size, size)));
  return {tensor_of(results, shape, x.dtype())};
}

Outputs global_average_pool(const Call& call) {
  return over_planes(call, [](std::span<const double> plane) {
    double sum = 0;
    for (double value : plane) sum += value;
    return sum / static_cast<double>(plane.size());
  });
}

Outputs global_max_pool(const Call& call) {
  return over_planes(call, [](std::span<const double> plane) {
    double most = -INFINITY;
    for (double value : plane) most = value > most ? value : most;
    return most;
  });
}

Outputs global_lp_pool(const Call& call) {
  const double p = static_cast<double>(call.int_of("p"));
  return over_planes(call, [=](std::span<const double> plane) {
    double sum = 0;
    for (double value : plane) sum += std::pow(std::fabs(value), p);
    return std::pow(sum, 1 / p);
  });
}

constexpr ReferenceKernel kKernels[] = {
    {"AveragePool", average_pool},
    {"GlobalAveragePool", global_average_pool},
    {"GlobalLpPool", global_lp_pool},
    {"GlobalMaxPool", global_max_pool},
    {"LpPool", lp_pool},
    {"MaxPool", max_pool},
};

}  // namespace

std::span<const ReferenceKernel> pool_kernels() {
  return kKernels;
}

}  // namespace bw
