#include "method/blocks.h"

#include <algorithm>

#include "tensor/kernels/nbits.h"

namespace bw {
namespace {

// [rows, columns] -> [columns, rows].
std::vector<float> transposed(std::span<const float> matrix, std::size_t rows, std::size_t columns) {
  constexpr std::size_t kTile = 32;  // stays in the first cache both ways
  std::vector<float> out(matrix.size());
  for (std::size_t r0 = 0; r0 < rows; r0 += kTile)
    for (std::size_t c0 = 0; c0 < columns; c0 += kTile)
      for (std::size_t r = r0; r < std::min(r0 + kTile, rows); ++r)
        for (std::size_t c = c0; c < std::min(c0 + kTile, columns); ++c) out[c * rows + r] = matrix[r * columns + c];
  return out;
}

// One number a block: from [columns, blocks], as the kernel gives them, to [blocks, columns].
template <class T>
std::vector<T> along_rows(const std::vector<T>& values, std::size_t columns) {
  const std::size_t blocks = values.size() / columns;
  std::vector<T> out(values.size());
  for (std::size_t c = 0; c < columns; ++c)
    for (std::size_t b = 0; b < blocks; ++b) out[b * columns + c] = values[c * blocks + b];
  return out;
}

}  // namespace

QParams block_params(const Tensor& matrix, const Scheme& scheme) {
  const auto rows = static_cast<std::size_t>(matrix.shape()[0]), columns = static_cast<std::size_t>(matrix.shape()[1]);
  const NBitsOptions options{.bits = info(scheme.code).bits,
                             .block_size = static_cast<std::size_t>(scheme.block_size),
                             .symmetric = scheme.symmetric};
  const bool down = scheme.axis == 0;  // blocks lie along columns, as the kernel wants them
  const std::span<const float> values = matrix.data<float>();
  const NBitsWeights weights = down ? quantize_nbits(values, rows, columns, options)
                                    : quantize_nbits(transposed(values, rows, columns), columns, rows, options);
  const std::size_t lines = down ? columns : rows;
  const std::vector<std::int32_t> unpacked =
      unpack_zero_points(weights.zero_points, lines, weights.scales.size() / lines, options.bits);
  const std::vector<float> zero_points(unpacked.begin(), unpacked.end());
  if (down)
    return {
        .scheme = scheme, .scales = along_rows(weights.scales, lines), .zero_points = along_rows(zero_points, lines)};
  return {.scheme = scheme, .scales = weights.scales, .zero_points = zero_points};
}

}  // namespace bw
