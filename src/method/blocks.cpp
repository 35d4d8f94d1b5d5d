#include "method/blocks.h"

#include <fmt/format.h>

#include "base/error.h"
#include "tensor/kernels/nbits.h"
#include "tensor/kernels/reduce.h"
#include "tensor/transposed.h"

namespace bw {
namespace {

// One number a block: from [columns, blocks], as the kernel gives them, to [blocks, columns].
template <class T>
std::vector<T> along_rows(const std::vector<T>& values, std::size_t columns) {
  return transposed(std::span<const T>(values), columns, values.size() / columns);
}

std::vector<float> zero_points_of(const NBitsWeights& weights, std::size_t lines, const NBitsOptions& options) {
  if (options.symmetric)
    return std::vector<float>(weights.scales.size(), static_cast<float>(1 << (options.code_bits() - 1)));
  const std::vector<std::int32_t> unpacked =
      unpack_zero_points(weights.zero_points, lines, weights.scales.size() / lines, options.bits);
  return {unpacked.begin(), unpacked.end()};
}

}  // namespace

Scheme unsigned_codes(int bits) {
  const DType code = bits <= 2 ? DType::UInt2 : bits <= 4 ? DType::UInt4 : DType::UInt8;
  return {.code = code, .bits = bits == info(code).bits ? 0 : bits};
}

void require_finite(const Value& weight) {
  const std::span<const float> values = weight.initializer.data<float>();
  if (const MinMax seen = min_max(values); seen.not_finite != MinMax::kNone)
    throw Error(ErrorKind::Quantization,
                fmt::format("'{}' has {} at index {}, for which there is no code", weight.name, values[seen.not_finite],
                            seen.not_finite),
                {}, "Keep its node in float (keep_float), or repair the weight");
}

QParams block_params(const Tensor& matrix, const Scheme& scheme) {
  const auto rows = static_cast<std::size_t>(matrix.shape()[0]), columns = static_cast<std::size_t>(matrix.shape()[1]);
  const NBitsOptions options{.bits = info(scheme.code).bits,
                             .block_size = static_cast<std::size_t>(scheme.block_size),
                             .symmetric = scheme.symmetric,
                             .used = scheme.bits};
  const bool down = scheme.axis == 0;  // blocks lie along columns, as the kernel wants them
  const std::span<const float> values = matrix.data<float>();
  const NBitsWeights weights = down ? quantize_nbits(values, rows, columns, options)
                                    : quantize_nbits(transposed(values, rows, columns), columns, rows, options);
  const std::size_t lines = down ? columns : rows;
  const std::vector<float> zero_points = zero_points_of(weights, lines, options);
  if (down)
    return {
        .scheme = scheme, .scales = along_rows(weights.scales, lines), .zero_points = along_rows(zero_points, lines)};
  return {.scheme = scheme, .scales = weights.scales, .zero_points = zero_points};
}

}  // namespace bw
