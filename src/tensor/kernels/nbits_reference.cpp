#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/kernels/nbits.h"

namespace bw::reference {
namespace {

struct Block {
  float scale;
  int zero_point;

  int code(float x, int highest) const {
    const float per_unit = scale != 0 ? 1.0F / scale : 0.0F;
    const float code = std::round(x * per_unit + static_cast<float>(zero_point));
    return code >= 0 ? static_cast<int>(std::min(code, static_cast<float>(highest))) : 0;
  }
};

Block block_of(const float* first, std::size_t count, std::size_t stride, const NBitsOptions& options) {
  float low = std::numeric_limits<float>::max(), high = -low;
  for (std::size_t i = 0; i < count; ++i) {
    const float x = first[i * stride];
    if (x < low) low = x;
    if (x > high) high = x;
  }
  const int middle = 1 << (options.code_bits() - 1), highest = 2 * middle - 1;
  if (options.symmetric) return {-(std::fabs(high) > std::fabs(low) ? high : low) / static_cast<float>(middle), middle};
  low = std::min(low, 0.0F);
  const float scale = (std::max(high, 0.0F) - low) / static_cast<float>(highest);
  const float zero_point = scale != 0 ? 0.0F - low / scale : 0.0F;
  return {scale, static_cast<int>(std::round(std::clamp(zero_point, 0.0F, static_cast<float>(highest))))};
}

}  // namespace

NBitsWeights quantize_nbits(std::span<const float> weights, std::size_t rows, std::size_t columns,
                            const NBitsOptions& options) {
  const std::size_t size = options.block_size, blocks = (rows + size - 1) / size;
  const std::size_t blob = size * static_cast<std::size_t>(options.bits) / 8;
  const int highest = (1 << options.code_bits()) - 1;
  const std::size_t per_byte = 8 / static_cast<std::size_t>(options.bits),
                    zero_bytes = (blocks + per_byte - 1) / per_byte;
  NBitsWeights out{RawVector<std::uint8_t>(columns * blocks * blob, 0), std::vector<float>(columns * blocks), {}};
  if (!options.symmetric) out.zero_points.resize(columns * zero_bytes);
  const auto put = [&](std::uint8_t* bytes, std::size_t i, int code) {
    bytes[i / per_byte] |= static_cast<std::uint8_t>(code << (i % per_byte * static_cast<std::size_t>(options.bits)));
  };
  for (std::size_t n = 0; n < columns; ++n)
    for (std::size_t b = 0; b < blocks; ++b) {
      const float* first = weights.data() + b * size * columns + n;
      const std::size_t count = std::min(size, rows - b * size);
      const Block block = block_of(first, count, columns, options);
      out.scales[n * blocks + b] = block.scale;
      if (!options.symmetric) put(out.zero_points.data() + n * zero_bytes, b, block.zero_point);
      std::uint8_t* codes = out.codes.data() + (n * blocks + b) * blob;
      for (std::size_t i = 0; i < count; ++i) put(codes, i, block.code(first[i * columns], highest));
      if (b + 1 < blocks) continue;
      if (!options.symmetric)
        for (std::size_t after = blocks; after % per_byte != 0; ++after)
          put(out.zero_points.data() + n * zero_bytes, after, 1 << (options.bits - 1));
      const std::size_t over = rows % per_byte, start = rows - over;
      if (over == 0 || start % (per_byte * size) == 0) continue;
      const std::uint8_t* before = codes + (count - over) / per_byte - 1;
      for (std::size_t i = over; i < per_byte; ++i)
        put(codes, count - over + i,
            *before >> (i * static_cast<std::size_t>(options.bits)) & ((1 << options.bits) - 1));
    }
  return out;
}

}  // namespace bw::reference
