// Round-to-nearest blockwise quantization of a weight matrix into the layout of MatMulNBits (com.microsoft). Bytes are
// equal to those of onnxruntime 1.31's own quantizer.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/raw_vector.h"

namespace bw {

struct NBitsOptions {
  int bits = 4;                 // of a code as it is stored: 2, 4 or 8
  std::size_t block_size = 32;  // power of two, 16 or more
  bool symmetric = true;
  int used = 0;  // bits of them that codes use, 2 or more; 0: all

  int code_bits() const { return used != 0 ? used : bits; }
};

// Of weights [K, N]: blocks lie along K. W = (code - zero_point) * scale.
// With bits = code_bits():
//   symmetric:  scale = w / -2^(bits - 1), w the signed element of largest magnitude; zero point 2^(bits - 1)
//   asymmetric: scale = (max(high, 0) - min(low, 0)) / (2^bits - 1); zero point = round(-low / scale)
//   code = clamp(round(x * (1 / scale) + zero point), 0, 2^bits - 1); round is half away from zero here
struct NBitsWeights {
  RawVector<std::uint8_t> codes;          // [N, blocks, block_size * bits / 8], low bits first; zero beyond K
  std::vector<float> scales;              // [N, blocks]
  std::vector<std::uint8_t> zero_points;  // [N, ceil(blocks * bits / 8)], low bits first; empty when symmetric
  // What means nothing in a byte is as onnxruntime leaves it: zero points behind a column's last one are the middle, and
  // codes behind K repeat those of the byte before, unless the byte starts as many blocks as it has codes.
  friend bool operator==(const NBitsWeights&, const NBitsWeights&) = default;
};

// weights: rows (K) x columns (N), row-major, finite.
NBitsWeights quantize_nbits(std::span<const float> weights, std::size_t rows, std::size_t columns,
                            const NBitsOptions& options);

// Zero points of blocks [rows, blocks], one a number, in the layout of NBitsWeights, and back. Packed bytes without any
// (symmetric weights) mean the middle.
std::vector<std::uint8_t> pack_zero_points(std::span<const std::int32_t> zero_points, std::size_t rows, int bits);
std::vector<std::int32_t> unpack_zero_points(std::span<const std::uint8_t> packed, std::size_t rows, std::size_t blocks,
                                             int bits);

namespace reference {
NBitsWeights quantize_nbits(std::span<const float> weights, std::size_t rows, std::size_t columns,
                            const NBitsOptions& options);
}

}  // namespace bw
