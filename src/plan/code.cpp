// Codes of constant tensors: parameters from their content, quantize and dequantize.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "plan/scheme.h"
#include "tensor/convert.h"

namespace bw {
namespace {

// A tensor seen as [outer, axis, inner], and which scale belongs to each element.
struct Layout {
  std::int64_t outer = 1, axis = 1, inner = 1;
  std::int64_t group = 1;   // elements of the axis that share a scale (axis itself: one scale for the whole tensor)
  std::int64_t groups = 1;  // scales along the axis
  bool blocked = false;

  std::int64_t scale_count() const { return blocked ? outer * groups * inner : groups; }
  std::int64_t scale_of(std::int64_t o, std::int64_t k, std::int64_t i) const {
    return blocked ? (o * groups + k / group) * inner + i : k / group;
  }
};

Layout layout_of(std::span<const std::int64_t> shape, const Scheme& scheme) {
  Layout layout;
  if (scheme.granularity == Granularity::Tensor) {
    for (std::int64_t dim : shape) layout.inner *= dim;
    return layout;
  }
  const int axis = scheme.axis < 0 ? scheme.axis + static_cast<int>(shape.size()) : scheme.axis;
  if (axis < 0 || axis >= static_cast<int>(shape.size()))
    throw Error(ErrorKind::Quantization, fmt::format("axis {} is outside of a tensor of shape {}", scheme.axis, to_string(shape)));
  for (int i = 0; i < static_cast<int>(shape.size()); ++i)
    (i < axis ? layout.outer : i == axis ? layout.axis : layout.inner) *= shape[static_cast<std::size_t>(i)];
  layout.blocked = scheme.granularity == Granularity::Block;
  layout.group = layout.blocked ? scheme.block_size : 1;
  if (layout.group < 1) throw Error(ErrorKind::Quantization, fmt::format("block size {} is not positive", layout.group));
  layout.groups = (layout.axis + layout.group - 1) / layout.group;
  return layout;
}

template <class Body>  // body(flat index, scale index)
void for_each_element(const Layout& layout, const Body& body) {
  std::size_t flat = 0;
  for (std::int64_t o = 0; o < layout.outer; ++o)
    for (std::int64_t k = 0; k < layout.axis; ++k)
      for (std::int64_t i = 0; i < layout.inner; ++i) body(flat++, static_cast<std::size_t>(layout.scale_of(o, k, i)));
}

// QuantizeLinear: rounds half to even before the zero point is added. Kept as double, so that infinities saturate.
double linear_code(float x, float scale, float zero_point) {
  return static_cast<double>(std::nearbyint(x / scale)) + static_cast<double>(zero_point);
}

// onnxruntime's blockwise quantizer: multiplies by the reciprocal and rounds half away from zero, zero point included.
double nbits_code(float x, float scale, float zero_point) {
  const float reciprocal = scale != 0 ? 1.0f / scale : 0.0f;
  return static_cast<double>(std::round(x * reciprocal + zero_point));
}

bool is_nbits(const Scheme& scheme) { return scheme.granularity == Granularity::Block && !info(scheme.code).is_signed; }

void require_count(const QParams& params, const Layout& layout) {
  const auto count = static_cast<std::size_t>(layout.scale_count());
  if (params.scales.size() != count || (!params.zero_points.empty() && params.zero_points.size() != count))
    throw Error(ErrorKind::Quantization, fmt::format("{} scales and {} zero points where the scheme '{}' needs {}",
                                                     params.scales.size(), params.zero_points.size(),
                                                     to_string(params.scheme), count));
}

}  // namespace

QParams params_of_constant(const Tensor& tensor, const Scheme& scheme) {
  const std::span<const float> x = tensor.data<float>();
  const Layout layout = layout_of(tensor.shape(), scheme);
  std::vector<Range> ranges(static_cast<std::size_t>(layout.scale_count()));
  for_each_element(layout, [&](std::size_t flat, std::size_t s) {
    if (!std::isfinite(x[flat]))
      throw Error(ErrorKind::Quantization, fmt::format("value {} at index {} cannot be quantized", x[flat], flat));
    ranges[s] = {std::min(ranges[s].low, x[flat]), std::max(ranges[s].high, x[flat])};
  });
  QParams params{.scheme = scheme, .scales = {}, .zero_points = {}};
  for (const Range& range : ranges) {
    const ScaleZeroPoint pair = scale_and_zero_point(range, scheme);
    params.scales.push_back(pair.scale);
    params.zero_points.push_back(pair.zero_point);
  }
  return params;
}

Tensor quantize(const Tensor& tensor, const QParams& params) {
  const std::span<const float> x = tensor.data<float>();
  const Layout layout = layout_of(tensor.shape(), params.scheme);
  require_count(params, layout);
  const CodeRange codes = code_range(params.scheme);
  const bool nbits = is_nbits(params.scheme);
  std::vector<std::int64_t> out(x.size());
  for_each_element(layout, [&](std::size_t flat, std::size_t s) {
    const float zero_point = params.zero_points.empty() ? 0.0f : static_cast<float>(params.zero_points[s]);
    const double code = nbits ? nbits_code(x[flat], params.scales[s], zero_point)
                              : linear_code(x[flat], params.scales[s], zero_point);
    out[flat] = static_cast<std::int64_t>(
        std::clamp(code, static_cast<double>(codes.lowest), static_cast<double>(codes.highest)));
  });
  return cast(Tensor::of<std::int64_t>(tensor.shape(), out), params.scheme.code);
}

Tensor dequantize(const Tensor& codes, const QParams& params) {
  const std::vector<std::int64_t> q = to_int64s(codes);
  const Layout layout = layout_of(codes.shape(), params.scheme);
  require_count(params, layout);
  return Tensor::fill<float>(codes.shape(), [&](std::span<float> out) {
    for_each_element(layout, [&](std::size_t flat, std::size_t s) {
      const std::int64_t zero_point = params.zero_points.empty() ? 0 : params.zero_points[s];
      out[flat] = static_cast<float>(q[flat] - zero_point) * params.scales[s];
    });
  });
}

}  // namespace bw
