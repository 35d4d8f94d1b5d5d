#include "tensor/kernels/magnitude_bins.h"

#include "tensor/kernels/disabled_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/magnitude_bins.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using F = hn::ScalableTag<float>;
using I = hn::RebindToSigned<F>;

// The bins of one side are `per_bin` times the magnitude; those of negative values lie `half` further. `beyond`: bits
// of the least magnitude that has no bin.
struct Bins {
  float per_bin;
  std::int32_t half, beyond;
};

// Of values seen so far. Magnitudes are compared as bits, so that NaN is above all.
struct Reach {
  hn::Vec<F> low, high;
  hn::Vec<I> magnitude;

  static Reach start() {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    return {hn::Set(F(), kInfinity), hn::Set(F(), -kInfinity), hn::Zero(I())};
  }
  void add(hn::Vec<F> v) {
    low = hn::Min(low, v);
    high = hn::Max(high, v);
    magnitude = hn::Max(magnitude, hn::BitCast(I(), hn::Abs(v)));
  }
  bool has_bins(const Bins& bins) const { return hn::AllTrue(I(), hn::Lt(magnitude, hn::Set(I(), bins.beyond))); }
};

// Writes the bin numbers of those that are not zero; returns how many. A product that underflows belongs to bin 0
// anyway.
HWY_INLINE std::size_t PutNumbers(hn::Vec<F> v, const Bins& bins, std::int32_t* numbers) {
  const I di;
  const auto bits = hn::BitCast(di, v);
  const auto bin = hn::ConvertInRangeTo(di, hn::Mul(hn::Abs(v), hn::Set(F(), bins.per_bin)));
  const auto side = hn::And(hn::BroadcastSignBit(bits), hn::Set(di, bins.half));
  // Bits, not values, are compared with zero: a CPU set to flush denormals would take those for zero.
  const auto nonzero = hn::Ne(hn::Add(bits, bits), hn::Zero(di));
  hn::StoreU(hn::Compress(hn::Add(bin, side), nonzero), di, numbers);
  return hn::CountTrue(di, nonzero);
}

std::size_t NumbersOf(const float* values, std::size_t count, const Bins bins, Reach& seen, std::int32_t* numbers) {
  const F d;
  const std::size_t lanes = hn::Lanes(d);
  Reach with = seen;  // of its own, or it would be written with every number
  std::size_t found = 0, i = 0;
  for (; i + lanes <= count; i += lanes) {
    hwy::Prefetch(values + i + kCountedTogether);  // for the next call, while this one's numbers are counted
    const auto v = hn::LoadU(d, values + i);
    with.add(v);
    found += PutNumbers(v, bins, numbers + found);
  }
  if (i < count) {
    with.add(hn::LoadNOr(hn::Set(d, values[i]), d, values + i, count - i));
    found += PutNumbers(hn::LoadN(d, values + i, count - i), bins, numbers + found);
  }
  seen = with;
  return found;
}

Counted CountMagnitudes(const float* values, std::size_t count, float per_bin, std::int32_t half, std::int32_t beyond,
                        std::uint64_t* counts) {
  const Bins bins{per_bin, half, beyond};
  std::int32_t numbers[kCountedTogether + 64];
  Reach seen = Reach::start();
  Counted counted;
  while (counted.values < count) {
    const std::size_t size = std::min(kCountedTogether, count - counted.values);
    Reach with = seen;
    const std::size_t found = NumbersOf(values + counted.values, size, bins, with, numbers);
    if (!with.has_bins(bins)) break;
    seen = with;
    HWY_UNROLL(4)
    for (std::size_t i = 0; i < found; ++i) ++counts[numbers[i]];
    counted.values += size;
    counted.zeros += size - found;
  }
  if (counted.values == 0) return counted;
  counted.low = hn::ReduceMin(F(), seen.low) + 0.0F;  // -0 + 0 is 0
  counted.high = hn::ReduceMax(F(), seen.high) + 0.0F;
  return counted;
}

}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw {
namespace {
HWY_EXPORT(CountMagnitudes);
}

Counted count_magnitudes(std::span<const float> values, int exponent, std::span<std::uint64_t> counts) {
  const auto half = static_cast<std::int32_t>(counts.size() / 2);
  const auto beyond = std::bit_cast<std::int32_t>(std::ldexp(static_cast<float>(half), exponent));
  return HWY_DYNAMIC_DISPATCH(CountMagnitudes)(values.data(), values.size(), std::ldexp(1.0F, -exponent), half,
                                               std::max(beyond, 1), counts.data());
}

}  // namespace bw
#endif
