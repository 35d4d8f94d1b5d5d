#include <algorithm>
#include <array>
#include <cmath>

#include "tensor/kernels/reduce.h"

namespace bw::reference {

MinMax min_max(std::span<const float> values) {
  MinMax seen;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) return {0, 0, i};
    const float value = values[i] == 0 ? 0.0F : values[i];
    seen.low = i == 0 ? value : std::min(seen.low, value);
    seen.high = i == 0 ? value : std::max(seen.high, value);
  }
  return seen;
}

std::size_t channel_min_max(std::span<const float> values, Layout layout, std::span<float> low, std::span<float> high) {
  std::fill(low.begin(), low.end(), 0.0F);
  std::fill(high.begin(), high.end(), 0.0F);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) return i;
    const std::size_t channel = i / layout.inner % layout.channels;
    const bool first = i < layout.channels * layout.inner && i % layout.inner == 0;
    const float value = values[i] == 0 ? 0.0F : values[i];
    low[channel] = first ? value : std::min(low[channel], value);
    high[channel] = first ? value : std::max(high[channel], value);
  }
  return MinMax::kNone;
}

Moments moments(std::span<const float> values) {
  std::array<Moments, 16> partial{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    partial[i % 16].sum += value;
    partial[i % 16].squares += value * value;
  }
  for (std::size_t step = 8; step > 0; step /= 2)
    for (std::size_t j = 0; j < step; ++j) {
      partial[j].sum += partial[j + step].sum;
      partial[j].squares += partial[j + step].squares;
    }
  return partial[0];
}

}  // namespace bw::reference
