#include "tensor/kernels/nbits.h"

#include "tensor/kernels/disabled_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/nbits.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/parallel.h"

// The unit of work of all targets; the first pass of this file defines it.
#ifndef BW_NBITS_TILE
#define BW_NBITS_TILE
namespace bw {

constexpr std::size_t kTileColumns = 64;

// One block of kTileColumns columns: its rows are read twice while they are in the cache, and its codes come out by
// rows.
struct NBitsTile {
  const float* weights;
  std::size_t stride, rows;  // between rows; rows of this block
  int bits;
  bool symmetric;
  float* scales;        // kTileColumns
  float* zero_points;   // kTileColumns
  std::uint8_t* codes;  // [ceil(rows * bits / 8), kTileColumns]
};

}  // namespace bw
#endif

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using F = hn::CappedTag<float, kTileColumns>;
using I = hn::RebindToSigned<F>;
using B = hn::Rebind<std::uint8_t, F>;

struct BlockParameters {
  hn::Vec<F> scale, per_unit, zero_point;
};

// Formulas: nbits.h. Comparisons instead of Min and Max keep the first of two zeros of different sign.
BlockParameters ParametersOf(const NBitsTile& tile, std::size_t column) {
  const F d;
  auto low = hn::Set(d, hwy::HighestValue<float>()), high = hn::Neg(low);
  for (std::size_t r = 0; r < tile.rows; ++r) {
    const auto x = hn::LoadU(d, tile.weights + r * tile.stride + column);
    low = hn::IfThenElse(hn::Lt(x, low), x, low);
    high = hn::IfThenElse(hn::Gt(x, high), x, high);
  }
  const auto zero = hn::Zero(d), middle = hn::Set(d, static_cast<float>(1 << (tile.bits - 1)));
  const auto highest = hn::Set(d, static_cast<float>((1 << tile.bits) - 1));
  auto scale = zero, zero_point = middle;
  if (tile.symmetric) {
    const auto extreme = hn::IfThenElse(hn::Gt(hn::Abs(high), hn::Abs(low)), high, low);
    scale = hn::Div(hn::Neg(extreme), middle);
  } else {
    low = hn::IfThenElse(hn::Lt(zero, low), zero, low);
    high = hn::IfThenElse(hn::Lt(high, zero), zero, high);
    scale = hn::Div(hn::Sub(high, low), highest);
    const auto wanted = hn::IfThenElse(hn::Ne(scale, zero), hn::Sub(zero, hn::Div(low, scale)), zero);
    const auto inside = hn::Min(hn::Max(wanted, zero), highest);
    const auto whole = hn::Trunc(inside);
    zero_point = hn::Add(whole, hn::IfThenElseZero(hn::Ge(hn::Sub(inside, whole), hn::Set(d, 0.5F)), hn::Set(d, 1.0F)));
  }
  const auto per_unit = hn::IfThenElse(hn::Ne(scale, zero), hn::Div(hn::Set(d, 1.0F), scale), zero);
  return {scale, per_unit, zero_point};
}

// Codes of one row, as 32-bit numbers.
hn::Vec<I> Codes(const NBitsTile& tile, std::size_t row, std::size_t column, const BlockParameters& block) {
  const F d;
  const auto x = hn::LoadU(d, tile.weights + row * tile.stride + column);
  const auto exact = hn::Add(hn::Mul(x, block.per_unit), block.zero_point);
  const auto above = hn::IfThenElseZero(hn::Ge(exact, hn::Zero(d)), exact);
  const auto inside = hn::Min(above, hn::Set(d, static_cast<float>((1 << tile.bits) - 1)));
  const auto whole = hn::ConvertTo(I(), inside);
  // Half away from zero: not by adding a half, which would round 0.49999997 up.
  const auto up = hn::Ge(hn::Sub(inside, hn::ConvertTo(d, whole)), hn::Set(d, 0.5F));
  return hn::Sub(whole, hn::VecFromMask(I(), hn::RebindMask(I(), up)));
}

void QuantizeTile(const NBitsTile& tile) {
  const F d;
  const B db;
  for (std::size_t column = 0; column < kTileColumns; column += hn::Lanes(d)) {
    const BlockParameters block = ParametersOf(tile, column);
    hn::StoreU(block.scale, d, tile.scales + column);
    hn::StoreU(block.zero_point, d, tile.zero_points + column);
    std::uint8_t* out = tile.codes + column;
    if (tile.bits == 8) {
      for (std::size_t r = 0; r < tile.rows; ++r, out += kTileColumns)
        hn::StoreU(hn::DemoteTo(db, Codes(tile, r, column, block)), db, out);
      continue;
    }
    std::size_t r = 0;
    for (; r + 2 <= tile.rows; r += 2, out += kTileColumns) {
      const auto high = hn::ShiftLeft<4>(Codes(tile, r + 1, column, block));
      hn::StoreU(hn::DemoteTo(db, hn::Or(Codes(tile, r, column, block), high)), db, out);
    }
    if (r < tile.rows) hn::StoreU(hn::DemoteTo(db, Codes(tile, r, column, block)), db, out);
  }
}

}  // namespace bw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw {
namespace {

HWY_EXPORT(QuantizeTile);

constexpr std::size_t kMaxBlock = 4096;
// A chunk: so many blocks that whole cache lines of the result are written by one thread, one after another, and that
// zero points of two blocks that share a byte lie in one chunk.
constexpr std::size_t kChunkBlocks = 16, kChunkColumns = 256;

class Quantizer {
 public:
  Quantizer(std::span<const float> weights, std::size_t rows, std::size_t columns, const NBitsOptions& options)
      : weights_(weights),
        rows_(rows),
        columns_(columns),
        options_(options),
        blocks_((rows + options.block_size - 1) / options.block_size),
        blob_(options.block_size * static_cast<std::size_t>(options.bits) / 8),
        zero_bytes_(options.bits == 4 ? (blocks_ + 1) / 2 : blocks_) {
    out_.codes.resize(columns * blocks_ * blob_);
    out_.scales.resize(columns * blocks_);
    if (!options.symmetric) out_.zero_points.resize(columns * zero_bytes_);
  }

  NBitsWeights run() {
    const std::size_t wide = (columns_ + kChunkColumns - 1) / kChunkColumns;
    const std::size_t high = (blocks_ + kChunkBlocks - 1) / kChunkBlocks;
    parallel_for(wide * high, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t chunk = begin; chunk < end; ++chunk) quantize_chunk(chunk / wide, chunk % wide);
    });
    if (options_.bits == 4) fill_unused_nibbles();
    return std::move(out_);
  }

 private:
  void quantize_chunk(std::size_t high, std::size_t wide) {
    std::vector<std::uint8_t> codes(options_.block_size * kTileColumns);
    std::vector<float> padded;
    const std::size_t last_block = std::min((high + 1) * kChunkBlocks, blocks_);
    const std::size_t last_column = std::min((wide + 1) * kChunkColumns, columns_);
    for (std::size_t column = wide * kChunkColumns; column < last_column; column += kTileColumns)
      for (std::size_t block = high * kChunkBlocks; block < last_block; ++block)
        quantize_tile(block, column, std::min(kTileColumns, last_column - column), codes, padded);
  }

  void quantize_tile(std::size_t block, std::size_t column, std::size_t width, std::vector<std::uint8_t>& codes,
                     std::vector<float>& padded) {
    float scales[kTileColumns], zero_points[kTileColumns];
    const std::size_t first = block * options_.block_size, rows = std::min(options_.block_size, rows_ - first);
    NBitsTile tile{weights_.data() + first * columns_ + column,
                   columns_,
                   rows,
                   options_.bits,
                   options_.symmetric,
                   scales,
                   zero_points,
                   codes.data()};
    if (width < kTileColumns) {  // the right edge: a copy of full width
      padded.assign(rows * kTileColumns, 0.0F);
      for (std::size_t r = 0; r < rows; ++r)
        std::memcpy(padded.data() + r * kTileColumns, tile.weights + r * columns_, width * sizeof(float));
      tile.weights = padded.data();
      tile.stride = kTileColumns;
    }
    HWY_DYNAMIC_DISPATCH(QuantizeTile)(tile);
    store(tile, block, column, width);
  }

  // By columns into the result.
  void store(const NBitsTile& tile, std::size_t block, std::size_t column, std::size_t width) {
    const std::size_t bytes = (tile.rows * static_cast<std::size_t>(tile.bits) + 7) / 8;
    for (std::size_t n = 0; n < width; ++n) {
      const std::size_t at = (column + n) * blocks_ + block;
      std::uint8_t* to = out_.codes.data() + at * blob_;
      for (std::size_t i = 0; i < bytes; ++i) to[i] = tile.codes[i * kTileColumns + n];
      out_.scales[at] = tile.scales[n];
      if (options_.symmetric) continue;
      const auto zero_point = static_cast<std::uint8_t>(tile.zero_points[n]);
      std::uint8_t* zeros = out_.zero_points.data() + (column + n) * zero_bytes_;
      if (tile.bits == 8)
        zeros[block] = zero_point;
      else
        zeros[block / 2] |= static_cast<std::uint8_t>(block % 2 ? zero_point << 4 : zero_point);
    }
  }

  // What onnxruntime has there: nbits.h.
  void fill_unused_nibbles() {
    const bool repeats = rows_ % 2 && (rows_ - 1) % (2 * options_.block_size) != 0;
    for (std::size_t n = 0; n < columns_; ++n) {
      std::uint8_t* last = out_.codes.data() + n * blocks_ * blob_ + rows_ / 2;
      if (repeats) *last |= last[-1] & 0xF0;
      if (!options_.symmetric && blocks_ % 2) out_.zero_points[(n + 1) * zero_bytes_ - 1] |= 0x80;
    }
  }

  std::span<const float> weights_;
  std::size_t rows_, columns_;
  NBitsOptions options_;
  std::size_t blocks_, blob_, zero_bytes_;
  NBitsWeights out_;
};

}  // namespace

NBitsWeights quantize_nbits(std::span<const float> weights, std::size_t rows, std::size_t columns,
                            const NBitsOptions& options) {
  const std::size_t size = options.block_size;
  if ((options.bits != 4 && options.bits != 8) || size < 16 || size > kMaxBlock || (size & (size - 1)) != 0 ||
      weights.size() != rows * columns)
    throw Error(ErrorKind::Internal, "impossible request for blockwise quantization");
  return Quantizer(weights, rows, columns, options).run();
}

}  // namespace bw
#endif
