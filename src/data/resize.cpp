#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "data/image.h"

namespace bw {
namespace {

constexpr int kBits = 22;  // fixed-point weights: 32 - 8 for the pixel - 2 of headroom

// The weights of one output position: input positions first, first + 1, ...
struct Window {
  std::int64_t first;
  std::vector<std::int32_t> weights;
};

// A triangle of half-width max(in / out, 1) input pixels around each output pixel's centre, cut at the borders and
// scaled to sum 1.
std::vector<Window> windows_for(std::int64_t in, std::int64_t out) {
  const double scale = static_cast<double>(in) / static_cast<double>(out), support = std::max(scale, 1.0);
  std::vector<Window> windows;
  for (std::int64_t o = 0; o < out; ++o) {
    const double centre = (static_cast<double>(o) + 0.5) * scale;
    const auto first = std::max<std::int64_t>(static_cast<std::int64_t>(centre - support + 0.5), 0);
    const auto last = std::min<std::int64_t>(static_cast<std::int64_t>(centre + support + 0.5), in);
    std::vector<double> weights;
    double sum = 0;
    for (std::int64_t i = first; i < last; ++i) {
      const double distance = std::abs((static_cast<double>(i) - centre + 0.5) * (1.0 / support));
      weights.push_back(distance < 1.0 ? 1.0 - distance : 0.0);
      sum += weights.back();
    }
    Window window{first, {}};
    for (double weight : weights)
      window.weights.push_back(static_cast<std::int32_t>(0.5 + weight / sum * (1 << kBits)));
    windows.push_back(std::move(window));
  }
  return windows;
}

std::uint8_t rounded(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kBits, 0, 255));
}

// Resizes along the axis of `windows.size()` outputs; neighbours along it lie `step` bytes apart, and each line of the
// axis carries `step` interleaved values.
void resize_axis(std::span<const std::uint8_t> in, std::span<std::uint8_t> out, std::size_t in_size, std::size_t step,
                 const std::vector<Window>& windows) {
  const std::size_t lines = in.size() / (in_size * step);
  std::vector<std::int32_t> sums(step);
  for (std::size_t line = 0; line < lines; ++line)
    for (std::size_t o = 0; o < windows.size(); ++o) {
      std::fill(sums.begin(), sums.end(), 1 << (kBits - 1));
      const std::uint8_t* from = in.data() + (line * in_size + static_cast<std::size_t>(windows[o].first)) * step;
      for (std::int32_t weight : windows[o].weights) {
        for (std::size_t k = 0; k < step; ++k) sums[k] += from[k] * weight;
        from += step;
      }
      std::uint8_t* to = out.data() + (line * windows.size() + o) * step;
      for (std::size_t k = 0; k < step; ++k) to[k] = rounded(sums[k]);
    }
}

}  // namespace

Tensor resize_bilinear(const Tensor& image, std::int64_t height, std::int64_t width) {
  const std::int64_t rows = image.shape()[0], columns = image.shape()[1], channels = image.shape()[2];
  Tensor result = image;
  if (width != columns)
    result = Tensor::fill<std::uint8_t>({rows, width, channels}, [&](std::span<std::uint8_t> out) {
      resize_axis(image.data<std::uint8_t>(), out, static_cast<std::size_t>(columns),
                  static_cast<std::size_t>(channels), windows_for(columns, width));
    });
  if (height == rows) return result;
  return Tensor::fill<std::uint8_t>({height, width, channels}, [&](std::span<std::uint8_t> out) {
    resize_axis(result.data<std::uint8_t>(), out, static_cast<std::size_t>(rows),
                static_cast<std::size_t>(width * channels), windows_for(rows, height));
  });
}

Tensor crop_centre(const Tensor& image, std::int64_t height, std::int64_t width) {
  const std::int64_t rows = image.shape()[0], columns = image.shape()[1], channels = image.shape()[2];
  if (height > rows || width > columns)
    throw Error(InputClass::Data,
                "the crop of " + std::to_string(height) + " x " + std::to_string(width) +
                    " is larger than the image of " + std::to_string(rows) + " x " + std::to_string(columns),
                "", "Set resize_short to at least the crop");
  if (height == rows && width == columns) return image;
  // Half-way cases go to the even number, as Python's round().
  const auto top = static_cast<std::int64_t>(std::nearbyint(static_cast<double>(rows - height) / 2.0));
  const auto left = static_cast<std::int64_t>(std::nearbyint(static_cast<double>(columns - width) / 2.0));
  const auto in = image.data<std::uint8_t>();
  return Tensor::fill<std::uint8_t>({height, width, channels}, [&](std::span<std::uint8_t> out) {
    const auto line = static_cast<std::size_t>(width * channels);
    for (std::int64_t y = 0; y < height; ++y)
      std::copy_n(in.begin() + ((top + y) * columns + left) * channels, line, out.begin() + y * width * channels);
  });
}

Tensor with_channels(const Tensor& image, std::int64_t channels) {
  const std::int64_t rows = image.shape()[0], columns = image.shape()[1], have = image.shape()[2];
  if (have == channels) return image;
  const auto in = image.data<std::uint8_t>();
  return Tensor::fill<std::uint8_t>({rows, columns, channels}, [&](std::span<std::uint8_t> out) {
    if (channels == 3)
      for (std::size_t i = 0; i < in.size(); ++i) out[3 * i] = out[3 * i + 1] = out[3 * i + 2] = in[i];
    else
      for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::uint8_t>(
            (in[3 * i] * 19595 + in[3 * i + 1] * 38470 + in[3 * i + 2] * 7471 + 0x8000) >> 16);
  });
}

}  // namespace bw
