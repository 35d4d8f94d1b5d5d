#include "tensor/kernels/saturation.h"

#include "tensor/kernels/disabled_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/saturation.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>

#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Pairs with a sum of positives above `most` or a sum of negatives below `least`.
std::uint32_t CountPairs(const std::int8_t* weights, std::size_t pairs, std::int16_t most, std::int16_t least) {
  const hn::ScalableTag<std::int16_t> d;
  const hn::Repartition<std::int8_t, decltype(d)> db;
  const std::size_t lanes = hn::Lanes(d);
  const auto zero = hn::Zero(d), above = hn::Set(d, most), below = hn::Set(d, least);
  std::uint32_t count = 0;
  std::size_t i = 0;
  for (; i + lanes <= pairs; i += lanes) {
    const auto both = hn::BitCast(d, hn::LoadU(db, weights + 2 * i));
    const auto even = hn::ShiftRight<8>(hn::ShiftLeft<8>(both)), odd = hn::ShiftRight<8>(both);
    const auto positive = hn::Add(hn::Max(even, zero), hn::Max(odd, zero));
    const auto negative = hn::Add(hn::Min(even, zero), hn::Min(odd, zero));
    count += static_cast<std::uint32_t>(hn::CountTrue(d, hn::Or(hn::Gt(positive, above), hn::Lt(negative, below))));
  }
  for (; i < pairs; ++i) {
    const int a = weights[2 * i], b = weights[2 * i + 1];
    count += std::max(a, 0) + std::max(b, 0) > most || std::min(a, 0) + std::min(b, 0) < least;
  }
  return count;
}

}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw {
namespace {
HWY_EXPORT(CountPairs);
constexpr std::size_t kGrain = std::size_t{1} << 18;  // weights a chunk
}  // namespace

void count_saturating_pairs(std::span<const std::int8_t> weights, std::size_t row_length, int activation_max,
                            std::span<std::uint32_t> per_row) {
  // The sums reach 254 and -256 at most, so a small activation_max allows everything.
  const auto most = static_cast<std::int16_t>(activation_max > 0 ? std::min(32767 / activation_max, 1000) : 1000);
  const auto least = static_cast<std::int16_t>(activation_max > 0 ? -std::min(32768 / activation_max, 1000) : -1000);
  parallel_for(per_row.size(), std::max<std::size_t>(1, kGrain / std::max<std::size_t>(row_length, 1)),
               [&](std::size_t begin, std::size_t end) {
                 for (std::size_t r = begin; r < end; ++r)
                   per_row[r] =
                       HWY_DYNAMIC_DISPATCH(CountPairs)(weights.data() + r * row_length, row_length / 2, most, least);
               });
}

}  // namespace bw
#endif
