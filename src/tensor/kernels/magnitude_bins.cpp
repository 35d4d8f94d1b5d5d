#include "tensor/kernels/magnitude_bins.h"

#include "tensor/kernels/disabled_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/magnitude_bins.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kBatch = 1024;

// Bin numbers of the values that are not zero, close together. A product that underflows belongs to bin 0 anyway.
std::size_t BinNumbers(const float* values, std::size_t count, float per_bin, std::int32_t half, std::int32_t* bins) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const std::size_t lanes = hn::Lanes(d);
  const auto factor = hn::Set(d, per_bin);
  const auto second_half = hn::Set(di, half);
  std::size_t found = 0, i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto v = hn::LoadU(d, values + i);
    const auto bin = hn::ConvertTo(di, hn::Mul(hn::Abs(v), factor));
    const auto side = hn::And(hn::BroadcastSignBit(hn::BitCast(di, v)), second_half);
    // Bits, not values, are compared with zero: a CPU set to flush denormals would take those for zero.
    const auto nonzero = hn::Ne(hn::Add(hn::BitCast(di, v), hn::BitCast(di, v)), hn::Zero(di));
    found += hn::CompressBlendedStore(hn::Add(bin, side), nonzero, di, bins + found);
  }
  for (; i < count; ++i)
    if (values[i] != 0)
      bins[found++] = static_cast<std::int32_t>(std::fabs(values[i]) * per_bin) + (values[i] < 0 ? half : 0);
  return found;
}

std::uint64_t CountMagnitudes(const float* values, std::size_t count, float per_bin, std::uint64_t* counts,
                              std::size_t half) {
  std::int32_t bins[kBatch + 64];
  std::uint64_t zeros = 0;
  for (std::size_t begin = 0; begin < count; begin += kBatch) {
    const std::size_t size = std::min(kBatch, count - begin);
    const std::size_t found = BinNumbers(values + begin, size, per_bin, static_cast<std::int32_t>(half), bins);
    for (std::size_t i = 0; i < found; ++i) ++counts[bins[i]];
    zeros += size - found;
  }
  return zeros;
}

}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw {
namespace {
HWY_EXPORT(CountMagnitudes);
}

std::uint64_t count_magnitudes(std::span<const float> values, int exponent, std::span<std::uint64_t> counts) {
  return HWY_DYNAMIC_DISPATCH(CountMagnitudes)(values.data(), values.size(), std::ldexp(1.0F, -exponent), counts.data(),
                                               counts.size() / 2);
}

}  // namespace bw
#endif
