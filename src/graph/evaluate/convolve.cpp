#include "graph/evaluate/convolve.h"

#include <algorithm>

#include "graph/evaluate/elements.h"
#include "graph/evaluate/windows.h"

namespace bw {

namespace {

Shape spatial(const Shape& shape) {
  return Shape(shape.begin() + 2, shape.end());
}

std::size_t as_size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

}  // namespace

Matrix convolve(const Call& call, const Matrix& x, const Matrix& w) {
  call.require(x.shape.size() >= 3 && w.shape.size() == x.shape.size(),
               "input and weights must have one rank of 3 or more");
  const std::int64_t group = call.node.int_or("group", 1), channels = x.shape[1], outputs = w.shape[0];
  call.require(group > 0 && channels % group == 0 && outputs % group == 0 && w.shape[1] == channels / group,
               "weights do not fit the channels and groups");
  const Windows windows = Windows::of(call, spatial(x.shape), spatial(w.shape));
  call.require(windows.kernel == spatial(w.shape), "kernel_shape differs from the weights");
  Matrix y;
  y.shape = {x.shape[0], outputs};
  y.shape.insert(y.shape.end(), windows.output.begin(), windows.output.end());
  y.values.assign(call.result_size(y.shape), 0);
  const std::size_t in_size = as_size(element_count(windows.input)), out_size = as_size(element_count(windows.output));
  const std::size_t taps = windows.taps(), inner = as_size(channels / group), per_group = as_size(outputs / group);
  windows.for_each([&](const Windows::Meeting& meeting) {
    if (meeting.in < 0) return;
    for (std::size_t n = 0; n < as_size(x.shape[0]); ++n)
      for (std::size_t m = 0; m < as_size(outputs); ++m) {
        double sum = 0;
        for (std::size_t c = 0; c < inner; ++c)
          sum += x.values[(n * as_size(channels) + m / per_group * inner + c) * in_size + as_size(meeting.in)] *
                 w.values[(m * inner + c) * taps + meeting.tap];
        y.values[(n * as_size(outputs) + m) * out_size + meeting.out] += sum;
      }
  });
  return y;
}

namespace {

void add_bias(const Call& call, Matrix& y) {
  if (!call.has(2)) return;
  const std::vector<double> bias = to_doubles(call.input(2));
  call.require(bias.size() == as_size(y.shape[1]), "one bias a channel is needed");
  const AxisView view(y.shape, 1);
  for (std::size_t i = 0; i < y.values.size(); ++i) y.values[i] += bias[i / view.inner % view.extent];
}

Outputs conv(const Call& call) {
  Matrix y = convolve(call, {to_doubles(call.input(0)), call.input(0).shape()},
                      {to_doubles(call.input(1)), call.input(1).shape()});
  add_bias(call, y);
  return {tensor_of(y.values, y.shape, call.input(0).dtype())};
}

// The windows of the convolution that this one transposes: its input is our output.
Windows transposed_windows(const Call& call, const Shape& in, const Shape& kernel) {
  const std::size_t rank = in.size();
  const auto list = [&](const char* name, std::int64_t otherwise) {
    const std::vector<std::int64_t> values = call.node.ints_or(name, std::vector<std::int64_t>(rank, otherwise));
    call.require(values.size() == rank, "attributes do not have one entry a spatial axis");
    return values;
  };
  Windows windows;
  windows.output = in;
  windows.kernel = kernel;
  windows.strides = list("strides", 1);
  windows.dilations = list("dilations", 1);
  const std::vector<std::int64_t> extra = list("output_padding", 0);
  const std::vector<std::int64_t> pads = call.node.ints_or("pads", std::vector<std::int64_t>(2 * rank, 0));
  const bool sized = call.node.find("output_shape") != nullptr;
  const std::string auto_pad = call.string_of("auto_pad");
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  std::vector<std::int64_t> wanted = call.node.ints_or("output_shape", Shape(rank, 0));
  if (wanted.size() > rank) wanted.erase(wanted.begin(), wanted.end() - static_cast<std::ptrdiff_t>(rank));
  call.require(pads.size() == 2 * rank && wanted.size() == rank, "attributes do not have one entry a spatial axis");
  for (std::size_t i = 0; i < rank; ++i) {
    constexpr std::int64_t kMost = 1 << 30;
    for (std::int64_t number : {windows.strides[i], windows.dilations[i]})
      call.require(number > 0 && number < kMost, "strides and dilations must be positive");
    for (std::int64_t number : {extra[i], pads[i], pads[rank + i]})
      call.require(number > -kMost && number < kMost, "a pad is too large");
    const std::int64_t full = windows.strides[i] * (in[i] - 1) + extra[i] + (kernel[i] - 1) * windows.dilations[i] + 1;
    std::int64_t before = pads[i], after = pads[rank + i];
    call.require(wanted[i] >= 0 && wanted[i] < kMost, "output_shape is impossible");
    if (sized || same) {
      // What is too little grows at the end.
      const std::int64_t total = full - (sized ? wanted[i] : in[i] * windows.strides[i]),
                         cut = std::max<std::int64_t>(total, 0);
      before = auto_pad == "SAME_UPPER" ? cut / 2 : cut - cut / 2;
      after = total - before;
    }
    windows.pads_before.push_back(before);
    windows.pads_after.push_back(after);
    windows.input.push_back(full - before - after);
    call.require(windows.input[i] > 0, "the result would be empty");
  }
  return windows;
}

Outputs conv_transpose(const Call& call) {
  const Tensor &x = call.input(0), &w = call.input(1);
  call.require(x.rank() >= 3 && w.rank() == x.rank(), "input and weights must have one rank of 3 or more");
  const std::int64_t group = call.node.int_or("group", 1), channels = x.shape()[1];
  call.require(
      group > 0 && group <= std::max<std::int64_t>(channels, 1) && channels % group == 0 && w.shape()[0] == channels,
      "weights do not fit the channels and groups");
  const Windows windows = transposed_windows(call, spatial(x.shape()), spatial(w.shape()));
  const std::int64_t per_group = w.shape()[1], outputs = per_group * group;
  Matrix y;
  y.shape = {x.shape()[0], outputs};
  y.shape.insert(y.shape.end(), windows.input.begin(), windows.input.end());
  y.values.assign(call.result_size(y.shape), 0);
  const std::vector<double> from = to_doubles(x), weights = to_doubles(w);
  const std::size_t x_size = as_size(element_count(windows.output)), y_size = as_size(element_count(windows.input)),
                    taps = windows.taps();
  windows.for_each([&](const Windows::Meeting& meeting) {
    if (meeting.in < 0) return;
    for (std::size_t n = 0; n < as_size(x.shape()[0]); ++n)
      for (std::size_t c = 0; c < as_size(channels); ++c)
        for (std::size_t m = 0; m < as_size(per_group); ++m) {
          const std::size_t out_channel = c / as_size(channels / group) * as_size(per_group) + m;
          y.values[(n * as_size(outputs) + out_channel) * y_size + as_size(meeting.in)] +=
              from[(n * as_size(channels) + c) * x_size + meeting.out] *
              weights[(c * as_size(per_group) + m) * taps + meeting.tap];
        }
  });
  add_bias(call, y);
  return {tensor_of(y.values, y.shape, x.dtype())};
}

constexpr ReferenceKernel kKernels[] = {
    {"Conv", conv},
    {"ConvTranspose", conv_transpose},
};

}  // namespace

std::span<const ReferenceKernel> conv_kernels() {
  return kKernels;
}

}  // namespace bw
