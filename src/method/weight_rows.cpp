#include "method/weight_rows.h"

#include <algorithm>

#include "tensor/convert.h"
#include "tensor/transposed.h"

namespace bw {
namespace {

std::size_t axis_of(const Scheme& scheme, const Shape& shape) {
  return static_cast<std::size_t>(scheme.axis < 0 ? scheme.axis + static_cast<int>(shape.size()) : scheme.axis);
}

// Numbers that lie as a tensor of so many outputs does, output by output, and back.
template <class T>
std::vector<T> by_rows(const std::vector<T>& numbers, std::size_t outputs, bool by_output) {
  return by_output ? numbers : transposed(std::span(numbers), numbers.size() / outputs, outputs);
}
template <class T>
std::vector<T> as_stored(const std::vector<T>& rows, std::size_t outputs, bool by_output) {
  return by_output ? rows : transposed(std::span(rows), outputs, rows.size() / outputs);
}

// Blocks lie along the first axis behind the outputs; each place of the axes behind that has its own.
std::vector<std::uint32_t> blocks_of(const Shape& shape, std::size_t axis, std::size_t columns, std::size_t size) {
  const std::size_t window = columns / static_cast<std::size_t>(shape[axis]);
  std::vector<std::uint32_t> blocks(columns);
  for (std::size_t column = 0; column < columns; ++column)
    blocks[column] = static_cast<std::uint32_t>(column / window / size * window + column % window);
  return blocks;
}

std::vector<float> zero_points_of(const QParams& params) {
  return params.zero_points.empty() ? std::vector<float>(params.scales.size()) : params.zero_points;
}

}  // namespace

WeightRows WeightRows::some(std::size_t first, std::size_t count) const {
  const auto cut = [&](const std::vector<float>& numbers, std::size_t each) {
    const auto begin = numbers.begin() + static_cast<std::ptrdiff_t>(first * each);
    return std::vector<float>(begin, begin + static_cast<std::ptrdiff_t>(count * each));
  };
  return {.outputs = count,
          .columns = columns,
          .blocks = blocks,
          .weights = cut(weights, columns),
          .block_of = block_of,
          .scales = cut(scales, blocks),
          .zero_points = cut(zero_points, blocks)};
}

void WeightRows::put(std::size_t first, const WeightRows& some) {
  std::ranges::copy(some.scales, scales.begin() + static_cast<std::ptrdiff_t>(first * blocks));
  std::ranges::copy(some.zero_points, zero_points.begin() + static_cast<std::ptrdiff_t>(first * blocks));
}

std::optional<WeightRows> weight_rows(const Tensor& weight, bool by_output, const QParams& params) {
  const Shape& shape = weight.shape();
  if (shape.size() < 2 || weight.size() == 0 || params.scales.empty()) return std::nullopt;
  const std::size_t output_axis = by_output ? 0 : 1, axis = axis_of(params.scheme, shape);
  const auto stored = weight.data<float>();
  WeightRows rows;
  rows.outputs = static_cast<std::size_t>(shape[output_axis]);
  rows.columns = stored.size() / rows.outputs;
  rows.weights = by_rows(std::vector<float>(stored.begin(), stored.end()), rows.outputs, by_output);
  rows.block_of.assign(rows.columns, 0);
  switch (params.scheme.granularity) {
    case Granularity::Tensor:
      rows.scales.assign(rows.outputs, params.scales.front());
      rows.zero_points.assign(rows.outputs, zero_points_of(params).front());
      break;
    case Granularity::Channel:
      if (axis != output_axis) return std::nullopt;
      rows.scales = params.scales;
      rows.zero_points = zero_points_of(params);
      break;
    case Granularity::Block:
      if (axis != 1 - output_axis) return std::nullopt;
      rows.block_of = blocks_of(shape, axis, rows.columns, static_cast<std::size_t>(params.scheme.block_size));
      rows.scales = by_rows(params.scales, rows.outputs, by_output);
      rows.zero_points = by_rows(zero_points_of(params), rows.outputs, by_output);
      break;
  }
  rows.blocks = rows.scales.size() / rows.outputs;
  return rows;
}

void set_parameters(const WeightRows& rows, bool by_output, QParams& params) {
  if (params.scheme.granularity == Granularity::Tensor) return;
  params.scales = as_stored(rows.scales, rows.outputs, by_output);
  params.zero_points = as_stored(rows.zero_points, rows.outputs, by_output);
}

Tensor stored_codes(const std::vector<float>& codes, const Shape& shape, bool by_output, DType code) {
  const auto outputs = static_cast<std::size_t>(shape[by_output ? 0 : 1]);
  const std::vector<float> stored = as_stored(codes, outputs, by_output);
  return cast(Tensor::of<float>(shape, std::span<const float>(stored)), code);
}

}  // namespace bw
