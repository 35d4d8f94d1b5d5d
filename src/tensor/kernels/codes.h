// Floats to integer codes and back: code = clamp(round_half_even(x / scale) + zero_point), x = (code - zero_point) *
// scale (ONNX QuantizeLinear, DequantizeLinear). True division, float32 arithmetic. A NaN gives the lowest code.
#pragma once

#include <cstdint>
#include <span>

#include "tensor/kernels/layout.h"

namespace bw {

// Which scale belongs to which value: one a channel, or (block > 0) one for each `block` values along the channel axis
// at each outer and inner place, row-major as [outer, ceil(channels / block), inner]. One for a whole tensor of n
// values is {{1, 1, n}}.
struct ScaleGrid {
  Layout layout;
  std::size_t block = 0;

  std::size_t blocks() const { return (layout.channels + block - 1) / block; }  // along the axis
  std::size_t scales() const { return block ? layout.outer * blocks() * layout.inner : layout.channels; }
};

// T is (u)int8_t or (u)int16_t; 4-bit codes lie one in a byte. Zero points are as many as scales, or none (all zero).
// lowest <= highest, and both are values of T.
template <class T>
void encode(std::span<const float> values, const ScaleGrid& grid, std::span<const float> scales,
            std::span<const std::int32_t> zero_points, std::int32_t lowest, std::int32_t highest, std::span<T> codes);

template <class T>
void decode(std::span<const T> codes, const ScaleGrid& grid, std::span<const float> scales,
            std::span<const std::int32_t> zero_points, std::span<float> values);

namespace reference {
template <class T>
void encode(std::span<const float> values, const ScaleGrid& grid, std::span<const float> scales,
            std::span<const std::int32_t> zero_points, std::int32_t lowest, std::int32_t highest, std::span<T> codes);
template <class T>
void decode(std::span<const T> codes, const ScaleGrid& grid, std::span<const float> scales,
            std::span<const std::int32_t> zero_points, std::span<float> values);
}  // namespace reference

}  // namespace bw
