#include "tensor/kernels/nbits.h"

#include "tensor/kernels/disabled_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/nbits.cpp"
#include <hwy/cache_control.h>
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

constexpr std::size_t kTileColumns = 32;

// One block of kTileColumns columns.
struct NBitsTile {
  const float* weights;
  std::size_t stride, rows;  // floats from row to row; rows of this block
  int bits, code_bits;
  bool symmetric;
  float* copy;           // rows * kTileColumns: the weights close together (rows far apart would share few cache sets)
  float* scales;         // kTileColumns
  float* zero_points;    // kTileColumns
  std::uint32_t* words;  // [ceil(rows * bits / 32), kTileColumns]: codes of one column after another, lowest bits first
};

}  // namespace bw
#endif

HWY_BEFORE_NAMESPACE();
namespace bw::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using F = hn::CappedTag<float, kTileColumns>;
using U = hn::RebindToUnsigned<F>;
using I = hn::RebindToSigned<F>;

constexpr std::size_t kLanes = hn::MaxLanes(F()), kVectors = kTileColumns / kLanes;

struct Extremes {
  Extremes() {}  // written out, since gcc gives an implicit one none of the target's instructions
  hn::Vec<F> low[kVectors], high[kVectors];
};

// Smallest and largest weight of each column; makes the copy. Comparisons instead of Min and Max keep the first of two
// zeros of different sign.
Extremes ExtremesOf(const NBitsTile& tile) {
  const F d;
  Extremes seen;
  for (std::size_t v = 0; v < kVectors; ++v) {
    seen.low[v] = hn::Set(d, hwy::HighestValue<float>());
    seen.high[v] = hn::Neg(seen.low[v]);
  }
  for (std::size_t r = 0; r < tile.rows; ++r) {
    // The tile to the right is next. Its rows are too many streams for the CPU to foresee.
    for (std::size_t ahead = 0; ahead < kTileColumns; ahead += 16)
      hwy::Prefetch(tile.weights + r * tile.stride + kTileColumns + ahead);
    for (std::size_t v = 0; v < kVectors; ++v) {
      const auto x = hn::LoadU(d, tile.weights + r * tile.stride + v * kLanes);
      hn::StoreU(x, d, tile.copy + r * kTileColumns + v * kLanes);
      seen.low[v] = hn::IfThenElse(hn::Lt(x, seen.low[v]), x, seen.low[v]);
      seen.high[v] = hn::IfThenElse(hn::Gt(x, seen.high[v]), x, seen.high[v]);
    }
  }
  return seen;
}

struct BlockParameters {
  hn::Vec<F> scale, per_unit, zero_point;
};

// Formulas: nbits.h.
BlockParameters ParametersOf(hn::Vec<F> low, hn::Vec<F> high, int bits, bool symmetric) {
  const F d;
  const auto zero = hn::Zero(d), middle = hn::Set(d, static_cast<float>(1 << (bits - 1)));
  const auto highest = hn::Set(d, static_cast<float>((1 << bits) - 1));
  auto scale = zero, zero_point = middle;
  if (symmetric) {
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

hn::Vec<U> Codes(const float* weights, const BlockParameters& block, hn::Vec<F> highest) {
  const F d;
  const auto exact = hn::Add(hn::Mul(hn::LoadU(d, weights), block.per_unit), block.zero_point);
  const auto above = hn::IfThenElseZero(hn::Ge(exact, hn::Zero(d)), exact);
  const auto inside = hn::Min(above, highest);
  const auto whole = hn::ConvertTo(I(), inside);
  // Half away from zero: not by adding a half, which would round 0.49999997 up.
  const auto up = hn::Ge(hn::Sub(inside, hn::ConvertTo(d, whole)), hn::Set(d, 0.5F));
  return hn::BitCast(U(), hn::Sub(whole, hn::VecFromMask(I(), hn::RebindMask(I(), up))));
}

template <int kBits>
void Quantize(const NBitsTile& tile) {
  constexpr std::size_t kPerWord = 32 / kBits;
  const F d;
  const auto highest = hn::Set(d, static_cast<float>((1 << tile.code_bits) - 1));
  const Extremes seen = ExtremesOf(tile);
  for (std::size_t v = 0; v < kVectors; ++v) {
    const std::size_t column = v * kLanes;
    const BlockParameters block = ParametersOf(seen.low[v], seen.high[v], tile.code_bits, tile.symmetric);
    hn::StoreU(block.scale, d, tile.scales + column);
    hn::StoreU(block.zero_point, d, tile.zero_points + column);
    std::uint32_t* out = tile.words + column;
    for (std::size_t first = 0; first < tile.rows; first += kPerWord, out += kTileColumns) {
      auto word = hn::Zero(U());
      for (std::size_t r = HWY_MIN(first + kPerWord, tile.rows); r-- > first;)
        word = hn::Or(hn::ShiftLeft<kBits>(word), Codes(tile.copy + r * kTileColumns + column, block, highest));
      hn::StoreU(word, U(), out);
    }
  }
}

void QuantizeTile(const NBitsTile& tile) {
  if (tile.bits == 2)
    Quantize<2>(tile);
  else if (tile.bits == 4)
    Quantize<4>(tile);
  else
    Quantize<8>(tile);
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
constexpr std::size_t kChunkBlocks = 16, kChunkColumns = 128;

class Quantizer {
 public:
  Quantizer(std::span<const float> weights, std::size_t rows, std::size_t columns, const NBitsOptions& options)
      : weights_(weights),
        rows_(rows),
        columns_(columns),
        options_(options),
        blocks_((rows + options.block_size - 1) / options.block_size),
        blob_(options.block_size * static_cast<std::size_t>(options.bits) / 8),
        zero_bytes_((blocks_ * static_cast<std::size_t>(options.bits) + 7) / 8) {
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
    if (options_.bits < 8) fill_unused();
    return std::move(out_);
  }

 private:
  // What one chunk works in.
  struct Room {
    std::vector<float> copy, padded;
    std::vector<std::uint32_t> words;
  };

  void quantize_chunk(std::size_t high, std::size_t wide) {
    Room room{std::vector<float>(options_.block_size * kTileColumns),
              {},
              std::vector<std::uint32_t>(blob_ / 4 * kTileColumns)};
    const std::size_t last_block = std::min((high + 1) * kChunkBlocks, blocks_);
    const std::size_t last_column = std::min((wide + 1) * kChunkColumns, columns_);
    for (std::size_t block = high * kChunkBlocks; block < last_block; ++block)
      for (std::size_t column = wide * kChunkColumns; column < last_column; column += kTileColumns)
        quantize_tile(block, column, std::min(kTileColumns, last_column - column), room);
  }

  void quantize_tile(std::size_t block, std::size_t column, std::size_t width, Room& room) {
    float scales[kTileColumns], zero_points[kTileColumns];
    const std::size_t first = block * options_.block_size, rows = std::min(options_.block_size, rows_ - first);
    NBitsTile tile{weights_.data() + first * columns_ + column,
                   columns_,
                   rows,
                   options_.bits,
                   options_.code_bits(),
                   options_.symmetric,
                   room.copy.data(),
                   scales,
                   zero_points,
                   room.words.data()};
    if (width < kTileColumns) {  // the right edge: a copy of full width
      room.padded.assign(rows * kTileColumns, 0.0F);
      for (std::size_t r = 0; r < rows; ++r)
        std::memcpy(room.padded.data() + r * kTileColumns, tile.weights + r * columns_, width * sizeof(float));
      tile.weights = room.padded.data();
      tile.stride = kTileColumns;
    }
    for (std::size_t n = 0; n < width; ++n)  // one line in each column's page: too far apart for the CPU to foresee
      __builtin_prefetch(out_.codes.data() + ((column + n) * blocks_ + block) * blob_, 1);
    HWY_DYNAMIC_DISPATCH(QuantizeTile)(tile);
    store(tile, block, column, width);
  }

  // By columns into the result.
  void store(const NBitsTile& tile, std::size_t block, std::size_t column, std::size_t width) {
    const std::size_t words = (tile.rows * static_cast<std::size_t>(tile.bits) + 31) / 32;
    for (std::size_t n = 0; n < width; ++n) {
      const std::size_t at = (column + n) * blocks_ + block;
      std::uint8_t* to = out_.codes.data() + at * blob_;
      for (std::size_t i = 0; i < words; ++i) std::memcpy(to + 4 * i, tile.words + i * kTileColumns + n, 4);
      for (std::size_t i = 4 * words; i < blob_; ++i) to[i] = 0;
      out_.scales[at] = tile.scales[n];
      if (options_.symmetric) continue;
      const std::size_t per_byte = 8 / static_cast<std::size_t>(tile.bits);
      std::uint8_t* zeros = out_.zero_points.data() + (column + n) * zero_bytes_;
      zeros[block / per_byte] |= static_cast<std::uint8_t>(static_cast<unsigned>(tile.zero_points[n])
                                                           << (block % per_byte * static_cast<unsigned>(tile.bits)));
    }
  }

  // What onnxruntime has there: nbits.h.
  void fill_unused() {
    const std::size_t bits = static_cast<std::size_t>(options_.bits), per_byte = 8 / bits;
    const std::size_t over = rows_ % per_byte, first = rows_ - over, blocks_over = blocks_ % per_byte;
    const auto repeated = static_cast<std::uint8_t>(0xFF << (over * bits));
    const bool repeats = over != 0 && first % (per_byte * options_.block_size) != 0;
    for (std::size_t n = 0; n < columns_; ++n) {
      std::uint8_t* last = out_.codes.data() + n * blocks_ * blob_ + first / per_byte;
      if (repeats) *last |= last[-1] & repeated;
      if (options_.symmetric || blocks_over == 0) continue;
      const std::uint8_t middles = options_.bits == 2 ? 0xAA : 0x88;
      out_.zero_points[(n + 1) * zero_bytes_ - 1] |= static_cast<std::uint8_t>(middles & 0xFF << (blocks_over * bits));
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
  const int bits = options.bits, used = options.code_bits();
  if ((bits != 2 && bits != 4 && bits != 8) || used < 2 || used > bits || size < 16 || size > kMaxBlock ||
      (size & (size - 1)) != 0 || weights.size() != rows * columns)
    throw Error(ErrorKind::Internal, "impossible request for blockwise quantization");
  return Quantizer(weights, rows, columns, options).run();
}

}  // namespace bw
#endif
