#include "tensor/kernels/product.h"

#include "tensor/kernels/disabled_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/product.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <vector>

#include "base/parallel.h"

// Both matrices are packed in panels, [k][kTall] of rows and [k][kWide] of columns, zeros where there are none.
#ifndef BW_PRODUCT_TILE
#define BW_PRODUCT_TILE
namespace bw::product_tile {
constexpr std::size_t kTall = 4, kWide = 16;
}  // namespace bw::product_tile
#endif

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using namespace bw::product_tile;

// Multiplies and adds in two steps, since not every target can do both in one.
void MultiplyPanels(const float* tall, const float* wide, std::size_t inner, float* out) {
  const hn::CappedTag<float, kWide> d;
  constexpr std::size_t kLanes = hn::MaxLanes(d), kVectors = kWide / kLanes;
  hn::Vec<decltype(d)> sum[kTall][kVectors];
  for (auto& row : sum)
    for (auto& vector : row) vector = hn::Zero(d);
  for (std::size_t k = 0; k < inner; ++k)
    for (std::size_t v = 0; v < kVectors; ++v) {
      const auto w = hn::LoadU(d, wide + k * kWide + v * kLanes);
      for (std::size_t i = 0; i < kTall; ++i)
        sum[i][v] = hn::Add(sum[i][v], hn::Mul(hn::Set(d, tall[k * kTall + i]), w));
    }
  for (std::size_t i = 0; i < kTall; ++i)
    for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(sum[i][v], d, out + i * kWide + v * kLanes);
}

}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw {
namespace {
HWY_EXPORT(MultiplyPanels);

using namespace product_tile;

std::vector<float> wide_panel(std::span<const float> weights, std::size_t inner, std::size_t columns,
                              std::size_t first) {
  std::vector<float> panel(inner * kWide, 0);
  const std::size_t count = std::min(kWide, columns - first);
  for (std::size_t k = 0; k < inner; ++k)
    std::copy_n(weights.data() + k * columns + first, count, panel.data() + k * kWide);
  return panel;
}

}  // namespace

PackedRows::PackedRows(std::span<const float> x, std::size_t rows, std::size_t inner)
    : rows_(rows), inner_(inner), panels_((rows + kTall - 1) / kTall * kTall * inner, 0) {
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t k = 0; k < inner; ++k) panels_[(r / kTall * inner + k) * kTall + r % kTall] = x[r * inner + k];
}

void multiply(std::span<const float> x, std::span<const float> weights, std::size_t rows, std::size_t inner,
              std::size_t columns, std::span<float> out) {
  multiply(PackedRows(x, rows, inner), weights, columns, out);
}

void multiply(const PackedRows& x, std::span<const float> weights, std::size_t columns, std::span<float> out) {
  const std::size_t rows = x.rows(), inner = x.inner();
  parallel_for((columns + kWide - 1) / kWide, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t panel = begin; panel < end; ++panel) {
      const std::size_t first = panel * kWide, count = std::min(kWide, columns - first);
      const std::vector<float> wide = wide_panel(weights, inner, columns, first);
      float tile[kTall * kWide];
      for (std::size_t r = 0; r < rows; r += kTall) {
        HWY_DYNAMIC_DISPATCH(MultiplyPanels)(x.panels() + r * inner, wide.data(), inner, tile);
        for (std::size_t i = 0; i < std::min(kTall, rows - r); ++i)
          std::copy_n(tile + i * kWide, count, out.data() + (r + i) * columns + first);
      }
    }
  });
}

}  // namespace bw
#endif
