#include <algorithm>
#include <cmath>

#include "tensor/kernels/codes.h"

namespace bw::reference {
namespace {

std::size_t scale_of(std::size_t i, const ScaleGrid& grid) {
  const auto& [outer, channels, inner] = grid.layout;
  const std::size_t channel = i / inner % channels;
  if (grid.block == 0) return channel;
  return (i / (inner * channels) * grid.blocks() + channel / grid.block) * inner + i % inner;
}

}  // namespace

template <class T>
void encode(std::span<const float> values, const ScaleGrid& grid, std::span<const float> scales,
            std::span<const std::int32_t> zero_points, std::int32_t lowest, std::int32_t highest, std::span<T> codes) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t at = scale_of(i, grid);
    const double rounded = std::nearbyint(values[i] / scales[at]);
    const double code = rounded + (zero_points.empty() ? 0 : zero_points[at]);
    codes[i] = static_cast<T>(std::isnan(code) ? lowest : std::clamp<double>(code, lowest, highest));
  }
}

template <class T>
void decode(std::span<const T> codes, const ScaleGrid& grid, std::span<const float> scales,
            std::span<const std::int32_t> zero_points, std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t at = scale_of(i, grid);
    values[i] = static_cast<float>(codes[i] - (zero_points.empty() ? 0 : zero_points[at])) * scales[at];
  }
}

#define BW_INSTANTIATE(T)                                                                                              \
  template void encode<T>(std::span<const float>, const ScaleGrid&, std::span<const float>,                            \
                          std::span<const std::int32_t>, std::int32_t, std::int32_t, std::span<T>);                    \
  template void decode<T>(std::span<const T>, const ScaleGrid&, std::span<const float>, std::span<const std::int32_t>, \
                          std::span<float>);
BW_INSTANTIATE(std::int8_t)
BW_INSTANTIATE(std::uint8_t)
BW_INSTANTIATE(std::int16_t)
BW_INSTANTIATE(std::uint16_t)
#undef BW_INSTANTIATE

}  // namespace bw::reference
