// Resize and Upsample: nearest, linear and cubic, axis by axis.
#include <algorithm>
#include <cmath>

#include "graph/evaluate/catalog.h"
#include "graph/evaluate/elements.h"

namespace bw {

namespace {

// How one axis is resampled: for each output place, source places with weights.
struct Tap {
  std::int64_t at;
  double weight;
};
using Taps = std::vector<std::vector<Tap>>;

struct Axis {
  std::int64_t in = 1, out = 1;
  double scale = 1;
  double roi_start = 0, roi_end = 1;
};

// Where output place `x` lies in the input, by the attribute coordinate_transformation_mode.
double source_of(const Call& call, const std::string& mode, const Axis& axis, double x) {
  // The length that was asked for need not be whole; `out` is what came of it.
  const double in = static_cast<double>(axis.in), length = axis.scale * in, out = static_cast<double>(axis.out);
  if (mode == "half_pixel") return (x + 0.5) / axis.scale - 0.5;
  if (mode == "half_pixel_symmetric") {
    const double adjust = out / length, centre = in / 2;
    return centre * (1 - adjust) + (x + 0.5) / axis.scale - 0.5;
  }
  if (mode == "pytorch_half_pixel") return out > 1 ? (x + 0.5) / axis.scale - 0.5 : 0;
  if (mode == "align_corners") return out > 1 ? x * (in - 1) / (length - 1) : 0;
  if (mode == "asymmetric") return x / axis.scale;
  if (mode == "tf_crop_and_resize")
    return out > 1 ? axis.roi_start * (in - 1) + x * (axis.roi_end - axis.roi_start) * (in - 1) / (out - 1)
                   : 0.5 * (axis.roi_start + axis.roi_end) * (in - 1);
  call.fail("coordinate_transformation_mode is not known");
}

std::int64_t nearest(const Call& call, const std::string& mode, double x) {
  if (mode == "round_prefer_floor") return static_cast<std::int64_t>(std::ceil(x - 0.5));
  if (mode == "round_prefer_ceil") return static_cast<std::int64_t>(std::floor(x + 0.5));
  if (mode == "floor") return static_cast<std::int64_t>(std::floor(x));
  if (mode == "ceil") return static_cast<std::int64_t>(std::ceil(x));
  call.fail("nearest_mode is not known");
}

double cubic(double distance, double a) {
  const double x = std::fabs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

struct Settings {
  std::string mode, coordinates, rounding;
  bool antialias, exclude_outside, crop;
  double cubic_a, extrapolation;
};

Settings settings_of(const Call& call) {
  const bool upsample = call.node.op_type == "Upsample" || call.opset < 11;
  return {call.string_of("mode"),
          call.node.string_or("coordinate_transformation_mode", upsample ? "asymmetric" : "half_pixel"),
          call.node.string_or("nearest_mode", upsample ? "floor" : "round_prefer_floor"),
          call.node.int_or("antialias", 0) != 0,
          call.node.int_or("exclude_outside", 0) != 0,
          call.node.string_or("coordinate_transformation_mode", "") == "tf_crop_and_resize",
          call.node.float_or("cubic_coeff_a", -0.75f),
          call.node.float_or("extrapolation_value", 0)};
}

// With antialias the filter is stretched when the image shrinks.
double stretch_of(const Settings& settings, const Axis& axis) {
  return settings.antialias ? std::min(axis.scale, 1.0) : 1;
}

std::vector<Tap> taps_at(const Call& call, const Settings& settings, const Axis& axis, std::int64_t out) {
  const double x = source_of(call, settings.coordinates, axis, static_cast<double>(out));
  const std::int64_t last = axis.in - 1;
  if (settings.crop && (x < 0 || x > static_cast<double>(last))) return {{-1, 1}};
  if (settings.mode == "nearest") return {{std::clamp<std::int64_t>(nearest(call, settings.rounding, x), 0, last), 1}};
  const bool is_cubic = settings.mode == "cubic";
  call.require(is_cubic || settings.mode == "linear", "the mode is not known");
  const double stretch = stretch_of(settings, axis), reach = (is_cubic ? 2 : 1) / stretch;
  std::vector<Tap> taps;
  double total = 0;
  for (auto at = static_cast<std::int64_t>(std::floor(x - reach));
       at <= static_cast<std::int64_t>(std::ceil(x + reach)); ++at) {
    const double distance = (static_cast<double>(at) - x) * stretch;
    const double weight = is_cubic ? cubic(distance, settings.cubic_a) : std::max(0.0, 1 - std::fabs(distance));
    if (weight == 0 || (settings.exclude_outside && (at < 0 || at > last))) continue;
    taps.push_back({std::clamp<std::int64_t>(at, 0, last), weight});
    total += weight;
  }
  for (Tap& tap : taps) tap.weight /= total;
  return taps;
}

// Resamples one axis of the image.
void resample(const Call& call, const Settings& settings, const Axis& axis, std::size_t which, Shape& shape,
              std::vector<double>& values) {
  call.require(axis.in > 0 || axis.out == 0, "an empty axis cannot grow");
  const AxisView from(shape, which);
  call.result_size({axis.out, static_cast<std::int64_t>(1 / stretch_of(settings, axis))});  // the taps on this axis
  shape[which] = axis.out;
  std::vector<double> result(call.result_size(shape), 0);
  const AxisView to(shape, which);
  for (std::size_t k = 0; k < to.extent; ++k)
    for (const Tap& tap : taps_at(call, settings, axis, static_cast<std::int64_t>(k)))
      for (std::size_t o = 0; o < to.outer; ++o)
        for (std::size_t i = 0; i < to.inner; ++i)
          result[to.at(o, k, i)] += tap.weight * (tap.at < 0 ? settings.extrapolation
                                                             : values[from.at(o, static_cast<std::size_t>(tap.at), i)]);
  values = std::move(result);
}

// Sizes asked for under keep_aspect_ratio_policy: one scale for all axes.
void keep_aspect(const Call& call, std::vector<Axis*>& axes) {
  const std::string policy = call.string_of("keep_aspect_ratio_policy");
  if (policy == "stretch" || axes.empty()) return;
  double scale = axes[0]->scale;
  for (const Axis* axis : axes)
    scale = policy == "not_larger" ? std::min(scale, axis->scale) : std::max(scale, axis->scale);
  for (Axis* axis : axes) {
    axis->scale = scale;
    axis->out = static_cast<std::int64_t>(std::floor(scale * static_cast<double>(axis->in) + 0.5));
  }
}

std::vector<Axis> axes_of(const Call& call, const Tensor& x, const Tensor& roi, const std::vector<double>& scales,
                          const std::vector<std::int64_t>& sizes) {
  std::vector<Axis> axes(x.rank());
  for (std::size_t i = 0; i < axes.size(); ++i) axes[i].in = axes[i].out = x.shape()[i];
  const std::vector<std::int64_t> chosen =
      call.node.ints_or("axes", positions_from(0, 1, static_cast<std::int64_t>(x.rank())));
  call.require((scales.empty() ? sizes.size() : scales.size()) == chosen.size(), "one scale or size an axis is needed");
  const std::vector<double> region = roi.defined() ? to_doubles(roi) : std::vector<double>{};
  std::vector<Axis*> resized;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    Axis& axis = axes[call.axis(chosen[i], x.rank())];
    resized.push_back(&axis);
    if (region.size() == 2 * chosen.size()) {
      axis.roi_start = region[i];
      axis.roi_end = region[chosen.size() + i];
    }
    axis.scale = scales.empty() ? static_cast<double>(sizes[i]) / static_cast<double>(axis.in) : scales[i];
    call.require(axis.scale > 1e-6 && axis.scale < 1e6, "a scale is impossible");
    call.require(std::fabs(axis.roi_start) < 1e6 && std::fabs(axis.roi_end) < 1e6, "the region is impossible");
    axis.out = scales.empty() ? sizes[i]
                              : static_cast<std::int64_t>(std::floor(static_cast<double>(axis.in) *
                                                                     (axis.roi_end - axis.roi_start) * axis.scale));
  }
  if (scales.empty()) keep_aspect(call, resized);
  return axes;
}

// Inputs: (x, roi, scales, sizes) since opset 11; (x, scales) before and for Upsample.
Outputs resize(const Call& call) {
  const Tensor& x = call.input(0);
  const bool old = call.opset < 11 || call.node.op_type == "Upsample";
  const std::size_t scales_at = old ? 1 : 2;
  std::vector<double> scales;
  if (call.has(scales_at))
    scales = to_doubles(call.input(scales_at));
  else if (const Attribute* list = call.node.find("scales"))
    if (const auto* floats = std::get_if<std::vector<float>>(&list->data))
      scales.assign(floats->begin(), floats->end());
  const std::vector<std::int64_t> sizes = !old && call.has(3) ? call.integers(3) : std::vector<std::int64_t>{};
  const Settings settings = settings_of(call);
  const std::vector<Axis> axes =
      axes_of(call, x, settings.crop && call.has(1) ? call.input(1) : Tensor{}, scales, sizes);
  Shape shape = x.shape();
  std::vector<double> values = to_doubles(x);
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (axes[i].out != axes[i].in || axes[i].scale != 1 || settings.crop)
      resample(call, settings, axes[i], i, shape, values);
  return {tensor_of(values, shape, x.dtype())};
}

constexpr ReferenceKernel kKernels[] = {
    {"Resize", resize},
    {"Upsample", resize},
};

}  // namespace

std::span<const ReferenceKernel> resize_kernels() {
  return kKernels;
}

}  // namespace bw
