#include "plan/scheme.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace bw {
namespace {

std::string short_name(const Scheme& scheme) {
  const DTypeInfo& type = info(scheme.code);
  if (!type.is_integer) return std::string(type.name);
  return fmt::format("{}{}", type.is_signed ? 's' : 'u', code_bits(scheme));
}

}  // namespace

int code_bits(const Scheme& scheme) {
  return scheme.bits != 0 ? scheme.bits : info(scheme.code).bits;
}

CodeRange code_range(const Scheme& scheme) {
  const DTypeInfo& type = info(scheme.code);
  if (!type.is_integer) throw Error(ErrorKind::Internal, fmt::format("{} has no integer codes", type.name));
  const int bits = code_bits(scheme);
  const std::int64_t lowest = type.is_signed ? -(std::int64_t{1} << (bits - 1)) : 0,
                     highest = (std::int64_t{1} << (type.is_signed ? bits - 1 : bits)) - 1;
  if (scheme.reduced_range) {
    if (!type.is_signed) return {0, highest / 2};
    const std::int64_t quarter = std::int64_t{1} << (bits - 2);
    return {-quarter, bits == 4 ? quarter - 1 : quarter};
  }
  // 4-bit codes are too few to give one up: onnxruntime keeps -8 also when symmetric.
  if (scheme.symmetric && type.is_signed && bits >= 8) return {-highest, highest};
  return {lowest, highest};
}

std::string_view name_of(Rounding rounding) {
  return rounding == Rounding::HalfToEven ? "half-to-even" : "reciprocal-half-away";
}

std::string to_string(const Scheme& scheme) {
  std::string text = short_name(scheme);
  if (scheme.granularity == Granularity::Channel) text += fmt::format(" per channel({})", scheme.axis);
  if (scheme.granularity == Granularity::Block)
    text += fmt::format(" in blocks of {} on axis {}", scheme.block_size, scheme.axis);
  if (scheme.symmetric) text += " symmetric";
  if (scheme.reduced_range) text += " reduced";
  return text;
}

ScaleZeroPoint scale_and_zero_point(Range range, const Scheme& scheme) {
  const CodeRange codes = code_range(scheme);
  double low = std::min(range.low, 0.0f), high = std::max(range.high, 0.0f);
  if (scheme.symmetric) {
    high = std::max(-low, high);
    low = -high;
  }
  const double scale = (high - low) / static_cast<double>(codes.highest - codes.lowest);
  if (scale < static_cast<double>(std::numeric_limits<float>::min())) return {1.0f, 0};
  const double zero_point = scheme.symmetric ? std::nearbyint(static_cast<double>(codes.lowest + codes.highest) / 2.0)
                                             : std::nearbyint(static_cast<double>(codes.lowest) - low / scale);
  return {static_cast<float>(scale), static_cast<std::int32_t>(zero_point)};
}

}  // namespace bw
