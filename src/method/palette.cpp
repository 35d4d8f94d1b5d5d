#include "method/palette.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "method/blocks.h"
#include "method/clusters.h"
#include "tensor/codebooks.h"
#include "tensor/convert.h"
#include "tensor/kernels/layout.h"

namespace bw {
namespace {

std::vector<float> largest_magnitudes(const Tensor& weight, int axis) {
  const Layout layout = layout_along(weight.shape(), axis);
  std::vector<float> largest(layout.channels);
  const std::span<const float> values = weight.data<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    float& own = largest[i / layout.inner % layout.channels];
    own = std::max(own, std::abs(values[i]));
  }
  for (float& scale : largest) scale = scale == 0 ? 1 : scale;
  return largest;
}

}  // namespace

QParams palette_params(const Tensor& weight, std::size_t most, std::optional<int> channel_axis,
                       std::span<const float> importance) {
  QParams params{.scheme = unsigned_codes(std::max(static_cast<int>(std::bit_width(most - 1)), 2)),
                 .scales = {},
                 .zero_points = {}};
  std::vector<float> numbers(weight.data<float>().begin(), weight.data<float>().end());
  std::vector<float> counts(importance.begin(), importance.end());
  if (channel_axis) {
    params.scheme.granularity = Granularity::Channel;
    params.scheme.axis = *channel_axis;
    params.scales = largest_magnitudes(weight, *channel_axis);
    const Layout layout = layout_along(weight.shape(), *channel_axis);
    const auto scale = [&](std::size_t i) { return params.scales[i / layout.inner % layout.channels]; };
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] /= scale(i);
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] *= scale(i) * scale(i);
  }
  params.codebook = cluster_centers(numbers, counts, most);
  std::vector<std::uint8_t> codes(numbers.size());
  NearestCodes(params.codebook).encode(numbers, codes);
  params.codes =
      cast(Tensor::of<std::uint8_t>(weight.shape(), std::span<const std::uint8_t>(codes)), params.scheme.code);
  return params;
}

bool is_palette(const QParams& params) {
  return !params.codebook.empty() && params.scheme.granularity != Granularity::Block;
}

}  // namespace bw
