#include "method/blocks.h"

#include <algorithm>
#include <cmath>

namespace bw {
namespace {

// Smallest, largest and largest-magnitude element of each block.
struct Extremes {
  float low = 0, high = 0, peak = 0;
  void add(float x) {
    low = std::min(low, x);
    high = std::max(high, x);
    if (std::abs(x) > std::abs(peak)) peak = x;
  }
};

// onnxruntime's rule: symmetric scales carry the sign that puts the largest weight on the lowest code; asymmetric ones
// span [min(low, 0), max(high, 0)].
ScaleZeroPoint block_parameters(const Extremes& block, int bits, bool symmetric) {
  const int middle = 1 << (bits - 1);
  if (symmetric) return {block.peak / static_cast<float>(-middle), middle};
  const float highest = static_cast<float>((1 << bits) - 1);
  const float scale = (block.high - block.low) / highest;
  const float zero_point = scale != 0 ? std::round(-block.low / scale) : 0.0f;
  return {scale, static_cast<std::int32_t>(std::clamp(zero_point, 0.0f, highest))};
}

}  // namespace

QParams block_params(const Tensor& weight, const Scheme& scheme) {
  const int bits = info(scheme.code).bits;
  const std::span<const float> w = weight.data<float>();
  const std::int64_t rows = weight.shape()[0], columns = weight.shape()[1];
  const std::int64_t blocks = (weight.shape()[static_cast<std::size_t>(scheme.axis)] + scheme.block_size - 1) / scheme.block_size;
  std::vector<Extremes> extremes(static_cast<std::size_t>(blocks * (scheme.axis == 0 ? columns : rows)));
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c) {
      const std::int64_t at = scheme.axis == 0 ? r / scheme.block_size * columns + c : r * blocks + c / scheme.block_size;
      extremes[static_cast<std::size_t>(at)].add(w[static_cast<std::size_t>(r * columns + c)]);
    }
  QParams params{.scheme = scheme, .scales = {}, .zero_points = {}};
  for (const Extremes& block : extremes) {
    const ScaleZeroPoint pair = block_parameters(block, bits, scheme.symmetric);
    params.scales.push_back(pair.scale);
    params.zero_points.push_back(pair.zero_point);
  }
  return params;
}

}  // namespace bw
