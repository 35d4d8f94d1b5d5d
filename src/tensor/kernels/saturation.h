// Where u8 * s8 products can saturate: CPUs without VNNI add the products of two neighbours in 16 bits (vpmaddubsw).
#pragma once

#include <cstdint>
#include <span>

namespace bw {

// For each of the rows of `weights` (row_length s8 weights each, neighbours along the reduced dimension): the number of
// pairs (2i, 2i + 1) whose sum of products leaves int16 for some activation codes in 0..activation_max (at most 255):
// activation_max * (sum of the positive ones) > 32767, or of the negative ones < -32768. per_row has one entry a row.
void count_saturating_pairs(std::span<const std::int8_t> weights, std::size_t row_length, int activation_max,
                            std::span<std::uint32_t> per_row);

namespace reference {
void count_saturating_pairs(std::span<const std::int8_t> weights, std::size_t row_length, int activation_max,
                            std::span<std::uint32_t> per_row);
}

}  // namespace bw
