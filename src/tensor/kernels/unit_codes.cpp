#include "tensor/kernels/unit_codes.h"

#include "tensor/kernels/disabled_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/unit_codes.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

float LargestMagnitude(const float* values, std::size_t count) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  auto largest = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) largest = hn::Max(largest, hn::Abs(hn::LoadU(d, values + i)));
  if (i < count) largest = hn::Max(largest, hn::Abs(hn::LoadN(d, values + i, count - i)));
  return hn::ReduceMax(d, largest);
}

// `bounds`: as many as a table has at most, infinite behind its own.
void EncodeBlock(const float* values, std::size_t count, float per_unit, const float* bounds, std::uint8_t* codes) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<std::uint8_t, decltype(d)> d8;
  const std::size_t lanes = hn::Lanes(d);
  const auto scale = hn::Set(d, per_unit), one = hn::Set(d, 1.0F), least = hn::Set(d, -1.0F);
  const auto encoded = [&](hn::Vec<decltype(d)> v) HWY_ATTR {
    const auto unit = hn::Min(hn::Max(hn::Mul(v, scale), least), one);
    auto below = hn::Zero(di);
    for (std::size_t k = 0; k + 1 < kSmallTable; ++k)
      below = hn::Sub(below, hn::BitCast(di, hn::VecFromMask(d, hn::Gt(unit, hn::Set(d, bounds[k])))));
    return hn::DemoteTo(d8, below);
  };
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(encoded(hn::LoadU(d, values + i)), d8, codes + i);
  if (i < count) hn::StoreN(encoded(hn::LoadN(d, values + i, count - i)), d8, codes + i, count - i);
}

// Each number's place in the table becomes its code.
void LookUp(const std::uint8_t* table, std::uint8_t* codes, std::size_t count) {
  const hn::ScalableTag<std::uint8_t> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto all = hn::LoadDup128(d, table);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(hn::TableLookupBytes(all, hn::LoadU(d, codes + i)), d, codes + i);
  if (i < count) hn::StoreN(hn::TableLookupBytes(all, hn::LoadN(d, codes + i, count - i)), d, codes + i, count - i);
}

}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw {
namespace {
HWY_EXPORT(LargestMagnitude);
HWY_EXPORT(EncodeBlock);
HWY_EXPORT(LookUp);
}  // namespace

void encode_units(std::span<const float> values, std::size_t block, const SmallTable& table,
                  std::span<std::uint8_t> codes, std::span<float> scales) {
  std::array<float, kSmallTable> bounds{};
  bounds.fill(std::numeric_limits<float>::infinity());
  std::ranges::copy(table.bounds, bounds.begin());
  std::array<std::uint8_t, kSmallTable> numbers{};
  std::ranges::copy(table.codes, numbers.begin());
  for (std::size_t b = 0; b < scales.size(); ++b) {
    const std::size_t first = b * block, count = std::min(block, values.size() - first);
    const float* own = values.data() + first;
    scales[b] = HWY_DYNAMIC_DISPATCH(LargestMagnitude)(own, count);
    const float per_unit = 1.0F / std::max(scales[b], kLeastUnit);
    HWY_DYNAMIC_DISPATCH(EncodeBlock)(own, count, per_unit, bounds.data(), codes.data() + first);
  }
  HWY_DYNAMIC_DISPATCH(LookUp)(numbers.data(), codes.data(), codes.size());
}

}  // namespace bw
#endif
