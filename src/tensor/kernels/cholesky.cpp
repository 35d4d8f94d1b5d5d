#include "tensor/kernels/cholesky.h"

#include "tensor/kernels/disabled_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/cholesky.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

#include "base/parallel.h"

// Rows are made in blocks; what a block takes from the rows below it is taken in tiles.
#ifndef BW_CHOLESKY_TILE
#define BW_CHOLESKY_TILE
namespace bw::cholesky_tile {
constexpr std::size_t kBlock = 64, kTall = 4, kWide = 16;
}  // namespace bw::cholesky_tile
#endif

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using namespace bw::cholesky_tile;

// rows[i][j] -= sum over k of made[k][i] * made[k][wide + j], for kTall rows and kWide columns. Multiplies and
// subtracts in two steps, since not every target can do both in one.
void SubtractTile(const double* made, std::size_t count, std::size_t stride, std::size_t wide, double* rows) {
  const hn::CappedTag<double, kWide> d;
  constexpr std::size_t kLanes = hn::MaxLanes(d), kVectors = kWide / kLanes;
  hn::Vec<decltype(d)> left[kTall][kVectors];
  for (std::size_t i = 0; i < kTall; ++i)
    for (std::size_t v = 0; v < kVectors; ++v) left[i][v] = hn::LoadU(d, rows + i * stride + wide + v * kLanes);
  for (std::size_t k = 0; k < count; ++k)
    for (std::size_t v = 0; v < kVectors; ++v) {
      const auto right = hn::LoadU(d, made + k * stride + wide + v * kLanes);
      for (std::size_t i = 0; i < kTall; ++i)
        left[i][v] = hn::Sub(left[i][v], hn::Mul(hn::Set(d, made[k * stride + i]), right));
    }
  for (std::size_t i = 0; i < kTall; ++i)
    for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(left[i][v], d, rows + i * stride + wide + v * kLanes);
}

}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw {
namespace {
HWY_EXPORT(SubtractTile);

using namespace cholesky_tile;

void subtract_row(const double* made, double factor, std::size_t first, std::size_t last, double* row) {
  for (std::size_t j = first; j < last; ++j) row[j] = row[j] - factor * made[j];
}

class Factor {
 public:
  Factor(std::span<double> a, std::size_t size) : a_(a), size_(size) {}

  std::optional<std::size_t> run() {
    for (std::size_t first = 0; first < size_; first += kBlock) {
      const std::size_t last = std::min(first + kBlock, size_);
      for (std::size_t i = first; i < last; ++i)
        if (!make_row(i, first)) return i;
      const std::size_t below = size_ - last;
      parallel_for((below + kTall - 1) / kTall, 4, [&](std::size_t begin, std::size_t end) {
        for (std::size_t t = begin; t < end; ++t) subtract(first, last, last + t * kTall);
      });
    }
    return std::nullopt;
  }

 private:
  double* row(std::size_t i) { return a_.data() + i * size_; }

  // Of what the blocks before have left of it.
  bool make_row(std::size_t i, std::size_t first) {
    double* own = row(i);
    for (std::size_t k = first; k < i; ++k) subtract_row(row(k), row(k)[i], i, size_, own);
    if (!(own[i] > 0)) return false;
    const double pivot = std::sqrt(own[i]);
    for (std::size_t j = i; j < size_; ++j) own[j] = own[j] / pivot;
    own[i] = pivot;
    return true;
  }

  // From kTall rows at `top`, what the rows [first, last) make them lose.
  void subtract(std::size_t first, std::size_t last, std::size_t top) {
    std::size_t j = top + kTall;
    for (; j + kWide <= size_; j += kWide)
      HWY_DYNAMIC_DISPATCH(SubtractTile)(row(first) + top, last - first, size_, j - top, row(top) + top);
    for (std::size_t i = top; i < std::min(top + kTall, size_); ++i)
      for (std::size_t k = first; k < last; ++k) {
        subtract_row(row(k), row(k)[i], i, std::min(top + kTall, size_), row(i));
        if (j < size_) subtract_row(row(k), row(k)[i], j, size_, row(i));
      }
  }

  std::span<double> a_;
  std::size_t size_;
};

}  // namespace

std::optional<std::size_t> cholesky(std::span<double> a, std::size_t size) {
  return Factor(a, size).run();
}

}  // namespace bw
#endif
