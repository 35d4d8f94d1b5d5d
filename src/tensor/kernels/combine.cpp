#include "tensor/kernels/combine.h"

#include "tensor/kernels/disabled_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/combine.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Multiplies and adds in two steps, since not every target can do both in one.
void Combine(const float* factors, std::size_t count, const float* rows, float* out) {
  const hn::CappedTag<float, kCombined> d;
  constexpr std::size_t kLanes = hn::MaxLanes(d), kVectors = HWY_MIN(kCombined / kLanes, 8);
  for (std::size_t first = 0; first < kCombined; first += kVectors * kLanes) {
    hn::Vec<decltype(d)> sum[kVectors];
    for (auto& vector : sum) vector = hn::Zero(d);
    for (std::size_t k = 0; k < count; ++k) {
      const auto factor = hn::Set(d, factors[k]);
      for (std::size_t v = 0; v < kVectors; ++v)
        sum[v] = hn::Add(sum[v], hn::Mul(factor, hn::LoadU(d, rows + k * kCombined + first + v * kLanes)));
    }
    for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(sum[v], d, out + first + v * kLanes);
  }
}

}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw {
namespace {
HWY_EXPORT(Combine);
}  // namespace

void combine(std::span<const float> factors, const float* rows, std::span<float, kCombined> out) {
  HWY_DYNAMIC_DISPATCH(Combine)(factors.data(), factors.size(), rows, out.data());
}

}  // namespace bw
#endif
