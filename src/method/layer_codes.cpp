#include "method/layer_codes.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tensor/kernels/saturation.h"
#include "tensor/transposed.h"

namespace bw {
namespace {

float widened(float weight_scale, float input_scale, float largest_bias) {
  const double least = 1.0001 * 2.0 * static_cast<double>(largest_bias) / (4294967296.0 - 2.0);
  if (static_cast<double>(input_scale) * static_cast<double>(weight_scale) >= least) return weight_scale;
  return static_cast<float>(least / static_cast<double>(input_scale));
}

bool can_saturate(const Tensor& codes) {
  return codes.dtype() == DType::Int8 && codes.rank() > 1 && codes.size() > 0;
}
std::size_t rows_of(const Tensor& codes) {
  return static_cast<std::size_t>(codes.shape()[0]);
}

std::uint64_t saturating_pairs(std::span<const std::int8_t> codes, std::size_t row_length) {
  std::vector<std::uint32_t> counts(codes.size() / row_length);
  count_saturating_pairs(codes, row_length, 255, counts);
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
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

std::uint64_t saturating_pairs_of_rows(const Tensor& codes) {
  if (!can_saturate(codes)) return 0;
  return saturating_pairs(codes.data<std::int8_t>(), codes.size() / rows_of(codes));
}

std::uint64_t saturating_pairs_of_columns(const Tensor& codes) {
  if (!can_saturate(codes)) return 0;
  const std::size_t rows = rows_of(codes);
  return saturating_pairs(transposed(codes.data<std::int8_t>(), rows, codes.size() / rows), rows);
}

}  // namespace bw
