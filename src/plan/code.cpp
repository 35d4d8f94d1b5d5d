// Codes of constant tensors: parameters from their content, quantize and dequantize.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "plan/scheme.h"
#include "tensor/convert.h"
#include "tensor/kernels/codes.h"
#include "tensor/kernels/reduce.h"
#include "tensor/packing.h"
#include "tensor/transposed.h"

namespace bw {
namespace {

ScaleGrid grid_of(const Shape& shape, const Scheme& scheme) {
  if (scheme.granularity == Granularity::Tensor)
    return {.layout = {.outer = 1, .channels = 1, .inner = element_count(shape)}, .block = 0};
  const int axis = scheme.axis < 0 ? scheme.axis + static_cast<int>(shape.size()) : scheme.axis;
  if (axis < 0 || axis >= static_cast<int>(shape.size()))
    throw Error(ErrorKind::Quantization,
                fmt::format("axis {} is outside of a tensor of shape {}", scheme.axis, to_string(shape)));
  const bool blocked = scheme.granularity == Granularity::Block;
  if (blocked && scheme.block_size < 1)
    throw Error(ErrorKind::Quantization, fmt::format("block size {} is not positive", scheme.block_size));
  return {.layout = layout_along(shape, axis), .block = blocked ? static_cast<std::size_t>(scheme.block_size) : 0};
}

void require_count(const QParams& params, const ScaleGrid& grid) {
  const std::size_t count = grid.scales();
  const bool unscaled = info(params.scheme.code).is_float || !params.codebook.empty();
  if (params.scales.empty() && params.zero_points.empty() && unscaled) return;
  if (!params.biases.empty() && (params.biases.size() != count || !params.zero_points.empty()))
    throw Error(ErrorKind::Quantization,
                fmt::format("{} biases and {} zero points where the scheme '{}' needs {} of one", params.biases.size(),
                            params.zero_points.size(), to_string(params.scheme), count));
  if (params.scales.size() != count || (!params.zero_points.empty() && params.zero_points.size() != count))
    throw Error(ErrorKind::Quantization,
                fmt::format("{} scales and {} zero points where the scheme '{}' needs {}", params.scales.size(),
                            params.zero_points.size(), to_string(params.scheme), count));
}

[[noreturn]] void refuse(std::span<const float> values, std::size_t index) {
  throw Error(ErrorKind::Quantization, fmt::format("value {} at index {} cannot be quantized", values[index], index));
}

// Index of the scale of each element, in order; for what the kernels do not do.
template <class Body>
void for_each_element(const ScaleGrid& grid, const Body& body) {
  const Layout& at = grid.layout;
  std::size_t flat = 0;
  for (std::size_t o = 0; o < at.outer; ++o)
    for (std::size_t c = 0; c < at.channels; ++c)
      for (std::size_t i = 0; i < at.inner; ++i, ++flat)
        body(flat, grid.block == 0 ? c : (o * grid.blocks() + c / grid.block) * at.inner + i);
}

std::vector<Range> channel_ranges(std::span<const float> values, const Layout& layout) {
  std::vector<float> low(layout.channels), high(layout.channels);
  const std::size_t bad = channel_min_max(values, layout, low, high);
  if (bad != MinMax::kNone) refuse(values, bad);
  std::vector<Range> ranges;
  for (std::size_t c = 0; c < low.size(); ++c) ranges.push_back({low[c], high[c]});
  return ranges;
}

std::vector<Range> block_ranges(std::span<const float> values, const ScaleGrid& grid) {
  if (const MinMax all = min_max(values); all.not_finite != MinMax::kNone) refuse(values, all.not_finite);
  std::vector<Range> ranges(grid.scales());
  for_each_element(grid, [&](std::size_t flat, std::size_t s) {
    ranges[s] = {std::min(ranges[s].low, values[flat]), std::max(ranges[s].high, values[flat])};
  });
  return ranges;
}

// Codes of 8 or fewer bits, one in a byte.
template <class T>
std::vector<std::uint8_t> byte_codes(std::span<const float> x, const QParams& params, const ScaleGrid& grid) {
  const CodeRange codes = code_range(params.scheme);
  const std::vector<std::int32_t> zero_points(params.zero_points.begin(), params.zero_points.end());
  std::vector<std::uint8_t> out(x.size());
  encode<T>(x, grid, params.scales, zero_points, static_cast<std::int32_t>(codes.lowest),
            static_cast<std::int32_t>(codes.highest), {reinterpret_cast<T*>(out.data()), out.size()});
  return out;
}

std::vector<std::uint8_t> reciprocal_codes(std::span<const float> x, const QParams& params, const ScaleGrid& grid) {
  const float highest = static_cast<float>(code_range(params.scheme).highest);
  std::vector<float> reciprocals;
  for (const float scale : params.scales) reciprocals.push_back(scale != 0 ? 1.0f / scale : 0.0f);
  std::vector<std::uint8_t> out(x.size());
  for_each_element(grid, [&](std::size_t flat, std::size_t s) {
    const float zero_point = params.zero_points.empty() ? 0.0f : params.zero_points[s];
    const float code = std::round(x[flat] * reciprocals[s] + zero_point);
    out[flat] = code >= 0 ? static_cast<std::uint8_t>(std::min(code, highest)) : 0;  // of NaN as well
  });
  return out;
}

// Biases: int32 with a scale of their own, too wide for the kernels, and for what float32 tells apart.
Tensor int32_codes(const Tensor& tensor, const QParams& params, const ScaleGrid& grid) {
  const std::span<const float> x = tensor.data<float>();
  const CodeRange codes = code_range(params.scheme);
  return Tensor::fill<std::int32_t>(tensor.shape(), [&](std::span<std::int32_t> out) {
    for_each_element(grid, [&](std::size_t flat, std::size_t s) {
      const double code = std::nearbyint(static_cast<double>(x[flat]) / static_cast<double>(params.scales[s]));
      out[flat] = std::isnan(code) ? 0
                                   : static_cast<std::int32_t>(std::clamp(code, static_cast<double>(codes.lowest),
                                                                          static_cast<double>(codes.highest)));
    });
  });
}

}  // namespace

QParams params_of_constant(const Tensor& tensor, const Scheme& scheme) {
  const ScaleGrid grid = grid_of(tensor.shape(), scheme);
  const std::span<const float> values = tensor.data<float>();
  const std::vector<Range> ranges = grid.block == 0 ? channel_ranges(values, grid.layout) : block_ranges(values, grid);
  QParams params{.scheme = scheme, .scales = {}, .zero_points = {}};
  for (const Range& range : ranges) {
    const ScaleZeroPoint pair = scale_and_zero_point(range, scheme);
    params.scales.push_back(pair.scale);
    params.zero_points.push_back(static_cast<float>(pair.zero_point));
  }
  return params;
}

namespace {

// Codes that a plan gives, for a constant of this shape.
void require_codes(const QParams& params, const Shape& shape) {
  if (params.codes.dtype() != params.scheme.code || params.codes.shape() != shape)
    throw Error(ErrorKind::Quantization,
                fmt::format("codes are {}{} where {}{} are needed", name_of(params.codes.dtype()),
                            to_string(params.codes.shape()), name_of(params.scheme.code), to_string(shape)));
  if (params.codebook.empty()) return;
  const std::vector<std::int64_t> codes = to_int64s(params.codes);
  const auto beyond = std::ranges::find_if(
      codes, [&](std::int64_t code) { return code < 0 || static_cast<std::size_t>(code) >= params.codebook.size(); });
  if (beyond != codes.end())
    throw Error(ErrorKind::Quantization, fmt::format("code {} at index {} is beyond a codebook of {} numbers", *beyond,
                                                     beyond - codes.begin(), params.codebook.size()));
}

void require_rule(const QParams& params) {
  const DTypeInfo& type = info(params.scheme.code);
  if (!params.codebook.empty() || !params.biases.empty() || params.scheme.zero_point != DType::Undefined)
    throw Error(ErrorKind::Quantization,
                "codes of a codebook, or with biases or zero points of floats, follow from no rule");
  if (!type.is_integer || type.bits > 8)
    throw Error(ErrorKind::Quantization, fmt::format("constants are not coded as {}", type.name));
  if (params.scheme.rounding == Rounding::ReciprocalHalfAway && type.is_signed)
    throw Error(ErrorKind::Quantization,
                fmt::format("{} is not rounded by {}", type.name, name_of(params.scheme.rounding)));
}

std::vector<std::uint8_t> rounded(std::span<const float> x, const QParams& params, const ScaleGrid& grid) {
  if (params.scheme.rounding == Rounding::ReciprocalHalfAway) return reciprocal_codes(x, params, grid);
  return info(params.scheme.code).is_signed ? byte_codes<std::int8_t>(x, params, grid)
                                            : byte_codes<std::uint8_t>(x, params, grid);
}

// What codes stand for before they are scaled.
std::vector<float> unscaled(const Tensor& codes, const QParams& params, const ScaleGrid& grid) {
  std::vector<float> numbers = to_floats(codes);
  if (!params.codebook.empty())
    for (float& number : numbers) number = params.codebook.at(static_cast<std::size_t>(number));
  if (!params.zero_points.empty())
    for_each_element(grid, [&](std::size_t flat, std::size_t s) { numbers[flat] -= params.zero_points[s]; });
  return numbers;
}

}  // namespace

Tensor quantize(const Tensor& tensor, const QParams& params) {
  const ScaleGrid grid = grid_of(tensor.shape(), params.scheme);
  require_count(params, grid);
  if (params.codes) return require_codes(params, tensor.shape()), params.codes;
  const DTypeInfo& type = info(params.scheme.code);
  if (params.scales.empty() && type.is_float) return cast(tensor, params.scheme.code);
  if (params.scheme.code == DType::Int32) return int32_codes(tensor, params, grid);
  require_rule(params);
  const std::vector<std::uint8_t> codes = rounded(tensor.data<float>(), params, grid);
  return Tensor::make(params.scheme.code, tensor.shape(), [&](std::span<std::byte> out) {
    if (type.bits == 8)
      std::copy_n(reinterpret_cast<const std::byte*>(codes.data()), codes.size(), out.data());
    else
      pack_codes(codes, type.bits, out);
  });
}

Tensor dequantize(const Tensor& codes, const QParams& params) {
  const ScaleGrid grid = grid_of(codes.shape(), params.scheme);
  require_count(params, grid);
  std::vector<float> numbers = unscaled(codes, params, grid);
  if (!params.scales.empty())
    for_each_element(grid, [&](std::size_t flat, std::size_t s) { numbers[flat] *= params.scales[s]; });
  if (!params.biases.empty())
    for_each_element(grid, [&](std::size_t flat, std::size_t s) { numbers[flat] += params.biases[s]; });
  return Tensor::of<float>(codes.shape(), std::span<const float>(numbers));
}

std::vector<float> decoded(const NestedScales& nested) {
  if (!nested.params.codes) throw Error(ErrorKind::Quantization, "nested scales have no codes");
  require_codes(nested.params, nested.params.codes.shape());
  std::vector<float> scales = to_floats(dequantize(nested.params.codes, nested.params));
  for (float& scale : scales) scale += nested.offset;
  if (nested.rows == 0) return scales;
  const auto rows = static_cast<std::size_t>(nested.rows);
  if (scales.size() % rows != 0)
    throw Error(ErrorKind::Quantization, fmt::format("{} nested scales are no matrix of {} rows", scales.size(), rows));
  return transposed(std::span<const float>(scales), rows, scales.size() / rows);
}

bool operator==(const QParams& a, const QParams& b) {
  const bool nested =
      a.nested == b.nested || (a.nested && b.nested && a.nested->offset == b.nested->offset &&
                               a.nested->rows == b.nested->rows && a.nested->params == b.nested->params);
  return nested && a.scheme == b.scheme && a.scales == b.scales && a.zero_points == b.zero_points &&
         a.biases == b.biases && a.codebook == b.codebook && a.codes == b.codes;
}

}  // namespace bw
