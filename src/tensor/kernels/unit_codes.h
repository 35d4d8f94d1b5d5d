// Numbers in blocks as codes of a small table, in units of the largest magnitude of their block: what bitsandbytes'
// 4-bit types are (Dettmers et al., "QLoRA", 2023, section 3). Results do not depend on the CPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace bw {

inline constexpr std::size_t kSmallTable = 16;  // numbers at most
inline constexpr float kLeastUnit = 1e-38F;     // that values are divided by

// Which number of a table is nearest: by how many of `bounds`, ascending, one less than there are numbers, lie below.
struct SmallTable {
  std::span<const float> bounds;
  std::span<const std::uint8_t> codes;  // of the numbers, ascending
};

// Of block b, the last one maybe shorter: scales[b] is its largest magnitude, and a value's code that of
// clamp(value * (1 / max(scales[b], kLeastUnit)), -1, 1). Values are finite; codes are as many, scales one a block.
void encode_units(std::span<const float> values, std::size_t block, const SmallTable& table,
                  std::span<std::uint8_t> codes, std::span<float> scales);

namespace reference {
void encode_units(std::span<const float> values, std::size_t block, const SmallTable& table,
                  std::span<std::uint8_t> codes, std::span<float> scales);
}  // namespace reference

}  // namespace bw
