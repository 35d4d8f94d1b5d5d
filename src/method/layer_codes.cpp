#include "method/layer_codes.h"

#include <algorithm>
#include <cmath>

#include "tensor/kernels/saturation.h"
#include "tensor/transposed.h"

namespace bw {
namespace {

float widened(float weight_scale, float input_scale, float largest_bias) {
  const double least = 1.0001 * 2.0 * static_cast<double>(largest_bias) / (4294967296.0 - 2.0);
  if (static_cast<double>(input_scale) * static_cast<double>(weight_scale) >= least) return weight_scale;
  return static_cast<float>(least / static_cast<double>(input_scale));
}

}  // namespace

QParams bias_codes(const Tensor& bias, float input_scale, QParams& weight) {
  const std::span<const float> values = bias.data<float>();
  const bool by_channel = weight.scales.size() == values.size() && weight.scheme.granularity == Granularity::Channel;
  QParams params{.scheme = {.code = DType::Int32, .symmetric = true}, .scales = {}, .zero_points = {}};
  if (by_channel) params.scheme.granularity = Granularity::Channel;
  for (std::size_t c = 0; c < weight.scales.size(); ++c) {
    float largest = 0;
    for (std::size_t i = by_channel ? c : 0; i < (by_channel ? c + 1 : values.size()); ++i)
      largest = std::max(largest, std::abs(values[i]));
    weight.scales[c] = widened(weight.scales[c], input_scale, largest);
    params.scales.push_back(input_scale * weight.scales[c]);
  }
  params.zero_points.assign(params.scales.size(), 0);
  return params;
}

bool saturates(const Tensor& codes) {
  const auto any_pair = [](std::span<const std::int8_t> weights, std::size_t row_length) {
    std::vector<std::uint32_t> counts(weights.size() / row_length);
    count_saturating_pairs(weights, row_length, 255, counts);
    return std::any_of(counts.begin(), counts.end(), [](std::uint32_t n) { return n != 0; });
  };
  const std::span<const std::int8_t> stored = codes.data<std::int8_t>();
  const auto rows = static_cast<std::size_t>(codes.shape()[0]);
  const std::size_t columns = stored.size() / rows;
  if (any_pair(stored, columns)) return true;
  return any_pair(transposed(stored, rows, columns), rows);
}

}  // namespace bw
