#include "tensor/kernels/nbits.h"

namespace bw {
namespace {

// Zero points that share a byte, and bytes that a row takes.
std::size_t per_byte(int bits) {
  return 8 / static_cast<std::size_t>(bits);
}
std::size_t row_bytes(std::size_t blocks, int bits) {
  return (blocks + per_byte(bits) - 1) / per_byte(bits);
}

int shift(std::size_t block, int bits) {
  return static_cast<int>(block % per_byte(bits)) * bits;
}

}  // namespace

std::vector<std::uint8_t> pack_zero_points(std::span<const std::int32_t> zero_points, std::size_t rows, int bits) {
  const std::size_t blocks = rows == 0 ? 0 : zero_points.size() / rows, stride = row_bytes(blocks, bits);
  std::vector<std::uint8_t> packed(rows * stride);
  const auto put = [&](std::size_t row, std::size_t block, std::int32_t zero_point) {
    packed[row * stride + block / per_byte(bits)] |= static_cast<std::uint8_t>(zero_point << shift(block, bits));
  };
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t block = 0; block < blocks; ++block) put(row, block, zero_points[row * blocks + block]);
    for (std::size_t after = blocks; after % per_byte(bits) != 0; ++after) put(row, after, 1 << (bits - 1));
  }
  return packed;
}

std::vector<std::int32_t> unpack_zero_points(std::span<const std::uint8_t> packed, std::size_t rows, std::size_t blocks,
                                             int bits) {
  std::vector<std::int32_t> zero_points(rows * blocks, 1 << (bits - 1));
  if (packed.empty()) return zero_points;
  const std::size_t stride = row_bytes(blocks, bits);
  for (std::size_t i = 0; i < zero_points.size(); ++i) {
    const std::size_t row = i / blocks, block = i % blocks;
    zero_points[i] = packed[row * stride + block / per_byte(bits)] >> shift(block, bits) & ((1 << bits) - 1);
  }
  return zero_points;
}

}  // namespace bw
