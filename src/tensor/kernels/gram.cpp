#include "tensor/kernels/gram.h"

#include "tensor/kernels/disabled_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/gram.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <vector>

// Channels are packed as doubles in panels, [row][kTall] and [row][kWide], of kRows rows at a time: small enough to
// stay in the nearest caches, whatever the layout was.
#ifndef BW_GRAM_TILE
#define BW_GRAM_TILE
namespace bw::gram_tile {
constexpr std::size_t kTall = 4, kWide = 8, kRows = 256;
}  // namespace bw::gram_tile
#endif

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using namespace bw::gram_tile;

// To a tile of sums whose rows are `stride` apart. Whether the target adds a product in one step or in two is the same:
// the product is exact.
void AddProducts(const double* tall, const double* wide, std::size_t rows, double* sums, std::size_t stride) {
  const hn::CappedTag<double, kWide> d;
  constexpr std::size_t kLanes = hn::MaxLanes(d), kVectors = kWide / kLanes;
  hn::Vec<decltype(d)> sum[kTall][kVectors];
  for (std::size_t i = 0; i < kTall; ++i)
    for (std::size_t v = 0; v < kVectors; ++v) sum[i][v] = hn::LoadU(d, sums + i * stride + v * kLanes);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t v = 0; v < kVectors; ++v) {
      const auto x = hn::LoadU(d, wide + r * kWide + v * kLanes);
      for (std::size_t i = 0; i < kTall; ++i) sum[i][v] = hn::MulAdd(hn::Set(d, tall[r * kTall + i]), x, sum[i][v]);
    }
  for (std::size_t i = 0; i < kTall; ++i)
    for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(sum[i][v], d, sums + i * stride + v * kLanes);
}

}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw {
namespace {
HWY_EXPORT(AddProducts);

using namespace gram_tile;

// Where each of `count` rows from `begin` on has its first channel.
std::vector<std::size_t> places_of(Layout layout, std::size_t begin, std::size_t count) {
  std::vector<std::size_t> places(count);
  for (std::size_t r = 0; r < count; ++r)
    places[r] = (begin + r) / layout.inner * layout.channels * layout.inner + (begin + r) % layout.inner;
  return places;
}

// Channels [channel, channel + width) of these rows, 0 where there are none.
void pack(std::span<const float> values, Layout layout, std::span<const std::size_t> places, std::size_t channel,
          std::size_t width, std::vector<double>& panel) {
  panel.assign(places.size() * width, 0);
  const std::size_t count = std::min(width, layout.channels - channel);
  for (std::size_t r = 0; r < places.size(); ++r)
    for (std::size_t c = 0; c < count; ++c) panel[r * width + c] = values[places[r] + (channel + c) * layout.inner];
}

// Adds the products of one tile to the corner of the sums, whose rows are `stride` apart; at an edge the tile is larger
// than what is left of them.
void add_tile(std::span<const double> tall, std::span<const double> wide, std::size_t height, std::size_t width,
              double* corner, std::size_t stride) {
  const std::size_t rows = tall.size() / kTall;
  if (height == kTall && width == kWide) {
    HWY_DYNAMIC_DISPATCH(AddProducts)(tall.data(), wide.data(), rows, corner, stride);
    return;
  }
  std::array<double, kTall * kWide> sums{};
  for (std::size_t i = 0; i < height; ++i) std::copy_n(corner + i * stride, width, sums.begin() + i * kWide);
  HWY_DYNAMIC_DISPATCH(AddProducts)(tall.data(), wide.data(), rows, sums.data(), kWide);
  for (std::size_t i = 0; i < height; ++i) std::copy_n(sums.begin() + i * kWide, width, corner + i * stride);
}

}  // namespace

void gram_rows(std::span<const float> values, Layout layout, std::size_t first, std::size_t last,
               std::span<double> out) {
  std::fill(out.begin(), out.end(), 0.0);
  const std::size_t rows = layout.outer * layout.inner, channels = layout.channels;
  std::vector<std::vector<double>> tall((last - first + kTall - 1) / kTall);
  std::vector<double> wide;
  for (std::size_t begin = 0; begin < rows; begin += kRows) {
    const std::vector<std::size_t> places = places_of(layout, begin, std::min(kRows, rows - begin));
    for (std::size_t t = 0; t < tall.size(); ++t) pack(values, layout, places, first + t * kTall, kTall, tall[t]);
    for (std::size_t j = first; j < channels; j += kWide) {
      pack(values, layout, places, j, kWide, wide);
      for (std::size_t t = 0; t < tall.size() && first + t * kTall < j + kWide; ++t) {
        const std::size_t i = t * kTall;
        add_tile(tall[t], wide, std::min(kTall, last - first - i), std::min(kWide, channels - j),
                 out.data() + i * channels + j, channels);
      }
    }
  }
}

}  // namespace bw
#endif
