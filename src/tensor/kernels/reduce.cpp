#include "tensor/kernels/reduce.h"

#include "tensor/kernels/disabled_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/reduce.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <vector>

#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using F = hn::ScalableTag<float>;
using U = hn::RebindToUnsigned<F>;

constexpr std::uint32_t kInfinity = 0x7F800000;

// Running minimum, maximum and largest magnitude as bits: above infinity's bits lie the NaNs.
struct Extent {
  hn::Vec<F> low, high;
  hn::Vec<U> magnitude;

  static Extent start() {
    const F d;
    const float infinity = hwy::HighestValue<float>() * 2;
    return {hn::Set(d, infinity), hn::Set(d, -infinity), hn::Zero(U())};
  }
  void add(hn::Vec<F> v) {
    low = hn::Min(low, v);
    high = hn::Max(high, v);
    magnitude = hn::Max(magnitude, hn::BitCast(U(), hn::Abs(v)));
  }
  void add(const Extent& other) {
    low = hn::Min(low, other.low);
    high = hn::Max(high, other.high);
    magnitude = hn::Max(magnitude, other.magnitude);
  }
};

std::size_t first_not_finite(std::span<const float> values) {
  const auto found = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  return found == values.end() ? MinMax::kNone : static_cast<std::size_t>(found - values.begin());
}

// -0 + 0 is 0: which of the two a minimum keeps differs from CPU to CPU.
float unsigned_zero(float value) {
  return value + 0.0F;
}

MinMax MinMaxOf(const float* values, std::size_t count) {
  if (count == 0) return {};
  const F d;
  const std::size_t lanes = hn::Lanes(d);
  Extent a = Extent::start(), b = a, c = a, e = a;
  std::size_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    a.add(hn::LoadU(d, values + i));
    b.add(hn::LoadU(d, values + i + lanes));
    c.add(hn::LoadU(d, values + i + 2 * lanes));
    e.add(hn::LoadU(d, values + i + 3 * lanes));
  }
  for (; i + lanes <= count; i += lanes) a.add(hn::LoadU(d, values + i));
  a.add(b);
  c.add(e);
  a.add(c);
  float low = hn::ReduceMin(d, a.low), high = hn::ReduceMax(d, a.high);
  bool finite = hn::ReduceMax(U(), a.magnitude) < kInfinity;
  for (; i < count; ++i) {
    finite = finite && std::isfinite(values[i]);
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  if (!finite) return {0, 0, first_not_finite({values, count})};
  return {unsigned_zero(low), unsigned_zero(high), MinMax::kNone};
}

// Columns [0, width) of `rows` rows that lie `stride` apart. Returns whether all are finite.
bool ColumnMinMax(const float* values, std::size_t rows, std::size_t stride, std::size_t width, float* low,
                  float* high) {
  const F d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t c = 0;
  bool finite = true;
  for (; c + lanes <= width; c += lanes) {
    Extent seen = Extent::start();
    for (std::size_t r = 0; r < rows; ++r) seen.add(hn::LoadU(d, values + r * stride + c));
    hn::StoreU(hn::Add(seen.low, hn::Zero(d)), d, low + c);
    hn::StoreU(hn::Add(seen.high, hn::Zero(d)), d, high + c);
    finite = finite && hn::ReduceMax(U(), seen.magnitude) < kInfinity;
  }
  for (; c < width; ++c) {
    low[c] = high[c] = values[c];
    for (std::size_t r = 0; r < rows; ++r) {
      const float value = values[r * stride + c];
      finite = finite && std::isfinite(value);
      low[c] = std::min(low[c], value);
      high[c] = std::max(high[c], value);
    }
    low[c] = unsigned_zero(low[c]);
    high[c] = unsigned_zero(high[c]);
  }
  return finite;
}

// 16 partial sums, in as many vectors of at most 8 doubles as they take.
Moments MomentsOf(const float* values, std::size_t count) {
  const hn::CappedTag<double, 8> d;
  const hn::Rebind<float, decltype(d)> df;
  constexpr std::size_t kLanes = hn::MaxLanes(d), kVectors = 16 / kLanes;
  hn::Vec<decltype(d)> sums[kVectors], squares[kVectors];
  for (std::size_t k = 0; k < kVectors; ++k) sums[k] = squares[k] = hn::Zero(d);
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (std::size_t k = 0; k < kVectors; ++k) {
      const auto v = hn::PromoteTo(d, hn::LoadU(df, values + i + k * kLanes));
      sums[k] = hn::Add(sums[k], v);
      squares[k] = hn::Add(squares[k], hn::Mul(v, v));
    }
  double sum[16], square[16];
  for (std::size_t k = 0; k < kVectors; ++k) {
    hn::StoreU(sums[k], d, sum + k * kLanes);
    hn::StoreU(squares[k], d, square + k * kLanes);
  }
  for (; i < count; ++i) {
    const double value = values[i];
    sum[i % 16] += value;
    square[i % 16] += value * value;
  }
  for (std::size_t step = 8; step > 0; step /= 2)
    for (std::size_t j = 0; j < step; ++j) {
      sum[j] += sum[j + step];
      square[j] += square[j + step];
    }
  return {sum[0], square[0]};
}

}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw {
namespace {

HWY_EXPORT(MinMaxOf);
HWY_EXPORT(ColumnMinMax);
HWY_EXPORT(MomentsOf);

constexpr std::size_t kGrain = std::size_t{1} << 18;  // elements a chunk
constexpr std::size_t kColumns = 256;                 // columns a chunk

MinMax joined(const MinMax& a, const MinMax& b) {
  if (a.not_finite != MinMax::kNone || b.not_finite != MinMax::kNone)
    return {0, 0, std::min(a.not_finite, b.not_finite)};
  return {std::min(a.low, b.low), std::max(a.high, b.high), MinMax::kNone};
}

}  // namespace

MinMax min_max(std::span<const float> values) {
  std::mutex mutex;
  MinMax all = HWY_DYNAMIC_DISPATCH(MinMaxOf)(values.data(), std::min(values.size(), kGrain));
  if (values.size() <= kGrain) return all;
  parallel_for(values.size() - kGrain, kGrain, [&](std::size_t begin, std::size_t end) {
    MinMax part = HWY_DYNAMIC_DISPATCH(MinMaxOf)(values.data() + kGrain + begin, end - begin);
    if (part.not_finite != MinMax::kNone) part.not_finite += kGrain + begin;
    const std::lock_guard lock(mutex);
    all = joined(all, part);
  });
  return all;
}

std::size_t channel_min_max(std::span<const float> values, Layout layout, std::span<float> low, std::span<float> high) {
  std::fill(low.begin(), low.end(), 0.0F);
  std::fill(high.begin(), high.end(), 0.0F);
  if (values.empty()) return MinMax::kNone;
  std::vector<unsigned char> bad(layout.channels, 0);
  const auto rows = [&](std::size_t begin, std::size_t end) {
    for (std::size_t c = begin; c < end; ++c)
      for (std::size_t o = 0; o < layout.outer; ++o) {
        const float* row = values.data() + (o * layout.channels + c) * layout.inner;
        const MinMax seen = HWY_DYNAMIC_DISPATCH(MinMaxOf)(row, layout.inner);
        if (seen.not_finite != MinMax::kNone) bad[c] = 1;
        low[c] = o == 0 ? seen.low : std::min(low[c], seen.low);
        high[c] = o == 0 ? seen.high : std::max(high[c], seen.high);
      }
  };
  const auto columns = [&](std::size_t begin, std::size_t end) {
    if (!HWY_DYNAMIC_DISPATCH(ColumnMinMax)(values.data() + begin, layout.outer, layout.channels, end - begin,
                                            low.data() + begin, high.data() + begin))
      bad[begin] = 1;
  };
  if (layout.inner == 1)
    parallel_for(layout.channels, kColumns, columns);
  else
    parallel_for(layout.channels, std::max<std::size_t>(1, kGrain / (layout.outer * layout.inner)), rows);
  if (std::find(bad.begin(), bad.end(), 1) == bad.end()) return MinMax::kNone;
  return min_max(values).not_finite;
}

Moments moments(std::span<const float> values) {
  return HWY_DYNAMIC_DISPATCH(MomentsOf)(values.data(), values.size());
}

}  // namespace bw
#endif
