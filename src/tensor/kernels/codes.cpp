#include "tensor/kernels/codes.h"

#include "tensor/kernels/disabled_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/codes.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using F = hn::ScalableTag<float>;
using I = hn::RebindToSigned<F>;

// Scales and zero points of one row of values: one for all, or (kEach) one for each value.
template <bool kEach>
struct RowScales {
  const float *scales, *zero_points;

  hn::Vec<F> scale(std::size_t i) const { return kEach ? hn::LoadU(F(), scales + i) : hn::Set(F(), *scales); }
  hn::Vec<F> zero_point(std::size_t i) const {
    return kEach ? hn::LoadU(F(), zero_points + i) : hn::Set(F(), *zero_points);
  }
  float scalar_scale(std::size_t i) const { return scales[kEach ? i : 0]; }
  float scalar_zero_point(std::size_t i) const { return zero_points[kEach ? i : 0]; }
};

template <class T, bool kEach>
void EncodeRow(const float* values, std::size_t count, RowScales<kEach> row, float lowest, float highest, T* codes) {
  const F d;
  const hn::Rebind<T, F> dt;
  const std::size_t lanes = hn::Lanes(d);
  const auto low = hn::Set(d, lowest), high = hn::Set(d, highest);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto rounded = hn::Round(hn::Div(hn::LoadU(d, values + i), row.scale(i)));
    const auto code = hn::Add(rounded, row.zero_point(i));
    // Comparing with NaN is false everywhere, where Max and Min of NaN differ from CPU to CPU.
    const auto above = hn::IfThenElse(hn::Ge(code, low), code, low);
    const auto clamped = hn::ConvertTo(I(), hn::Min(above, high));
    hn::StoreU(hn::DemoteTo(dt, clamped), dt, codes + i);
  }
  for (; i < count; ++i) {
    const float code = std::nearbyint(values[i] / row.scalar_scale(i)) + row.scalar_zero_point(i);
    codes[i] = static_cast<T>(code >= lowest ? std::min(code, highest) : lowest);
  }
}

template <class T, bool kEach>
void DecodeRow(const T* codes, std::size_t count, RowScales<kEach> row, float* values) {
  const F d;
  const hn::Rebind<T, F> dt;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto code = hn::ConvertTo(d, hn::PromoteTo(I(), hn::LoadU(dt, codes + i)));
    hn::StoreU(hn::Mul(hn::Sub(code, row.zero_point(i)), row.scale(i)), d, values + i);
  }
  for (; i < count; ++i) values[i] = (static_cast<float>(codes[i]) - row.scalar_zero_point(i)) * row.scalar_scale(i);
}

// Calls body(null pointer to T) for the code type of that many bytes and sign.
template <class Body>
void WithCodeType(int bytes, bool is_signed, const Body& body) {
  if (bytes == 1 && is_signed)
    body(static_cast<std::int8_t*>(nullptr));
  else if (bytes == 1)
    body(static_cast<std::uint8_t*>(nullptr));
  else if (is_signed)
    body(static_cast<std::int16_t*>(nullptr));
  else
    body(static_cast<std::uint16_t*>(nullptr));
}

void Encode(const float* values, std::size_t count, const float* scales, const float* zero_points, bool each,
            float lowest, float highest, void* codes, int bytes, bool is_signed) {
  WithCodeType(bytes, is_signed, [&](auto* type) {
    auto* out = static_cast<decltype(type)>(codes);
    if (each)
      EncodeRow(values, count, RowScales<true>{scales, zero_points}, lowest, highest, out);
    else
      EncodeRow(values, count, RowScales<false>{scales, zero_points}, lowest, highest, out);
  });
}

void Decode(const void* codes, int bytes, bool is_signed, std::size_t count, const float* scales,
            const float* zero_points, bool each, float* values) {
  WithCodeType(bytes, is_signed, [&](auto* type) {
    const auto* in = static_cast<decltype(type)>(const_cast<void*>(codes));
    if (each)
      DecodeRow(in, count, RowScales<true>{scales, zero_points}, values);
    else
      DecodeRow(in, count, RowScales<false>{scales, zero_points}, values);
  });
}

}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw {
namespace {

HWY_EXPORT(Encode);
HWY_EXPORT(Decode);

constexpr std::size_t kGrain = std::size_t{1} << 16;  // values a chunk

// A run of values that lie side by side and share one scale, or have scales that lie side by side as well.
struct Row {
  std::size_t begin, width, scale;
};

// The rows of a grid: the longest ones that its scales allow.
struct Rows {
  ScaleGrid grid;
  std::size_t count, width;
  bool each;  // one scale a value

  explicit Rows(const ScaleGrid& g) : grid(g) {
    const auto& [outer, channels, inner] = grid.layout;
    each = grid.block ? inner > 1 : inner == 1 && channels > 1;
    if (grid.block)
      count = inner > 1 ? outer * channels : outer * grid.blocks();
    else
      count = each ? outer : outer * channels;
    width = grid.block && !each ? grid.block : each && !grid.block ? channels : inner;
  }

  Row row(std::size_t r) const {
    const std::size_t channels = grid.layout.channels;
    if (!grid.block) return {r * width, width, each ? 0 : r % channels};
    const std::size_t blocks = grid.blocks();
    if (each) return {r * width, width, (r / channels * blocks + r % channels / grid.block) * width};
    const std::size_t start = r % blocks * grid.block;
    return {r / blocks * channels + start, std::min(grid.block, channels - start), r};
  }

  // Runs body(row) for every row.
  template <class Body>
  void for_each(const Body& body) const {
    if (grid.layout.size() == 0) return;
    if (count == 1 && !each)  // one long row with one scale: cut it
      return parallel_for(row(0).width, kGrain,
                          [&](std::size_t begin, std::size_t end) { body(Row{begin, end - begin, 0}); });
    parallel_for(count, std::max<std::size_t>(1, kGrain / width), [&](std::size_t begin, std::size_t end) {
      for (std::size_t r = begin; r < end; ++r) body(row(r));
    });
  }
};

std::vector<float> as_floats(std::span<const std::int32_t> zero_points, std::size_t count) {
  if (zero_points.empty()) return std::vector<float>(count, 0.0F);
  return {zero_points.begin(), zero_points.end()};
}

}  // namespace

template <class T>
void encode(std::span<const float> values, const ScaleGrid& grid, std::span<const float> scales,
            std::span<const std::int32_t> zero_points, std::int32_t lowest, std::int32_t highest, std::span<T> codes) {
  const std::vector<float> zeros = as_floats(zero_points, scales.size());
  const Rows rows(grid);
  rows.for_each([&](const Row& row) {
    HWY_DYNAMIC_DISPATCH(Encode)
    (values.data() + row.begin, row.width, scales.data() + row.scale, zeros.data() + row.scale, rows.each,
     static_cast<float>(lowest), static_cast<float>(highest), codes.data() + row.begin, sizeof(T), std::is_signed_v<T>);
  });
}

template <class T>
void decode(std::span<const T> codes, const ScaleGrid& grid, std::span<const float> scales,
            std::span<const std::int32_t> zero_points, std::span<float> values) {
  const std::vector<float> zeros = as_floats(zero_points, scales.size());
  const Rows rows(grid);
  rows.for_each([&](const Row& row) {
    HWY_DYNAMIC_DISPATCH(Decode)
    (codes.data() + row.begin, sizeof(T), std::is_signed_v<T>, row.width, scales.data() + row.scale,
     zeros.data() + row.scale, rows.each, values.data() + row.begin);
  });
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

}  // namespace bw
#endif
