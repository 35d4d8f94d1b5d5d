// Products of all pairs of channels, summed over the rows: what a layer's inputs say of each other. Results do not
// depend on the CPU.
#pragma once

#include <cstddef>
#include <span>

#include "tensor/kernels/layout.h"

namespace bw {

// Rows [first, last) of the upper triangle of G = sum of x x^T over the rows x of `values`. A row is what all channels
// have at one place of the other axes; rows follow each other as they lie in memory. Writes G[i][j], j >= i, to
// out[(i - first) * layout.channels + j]; what stands left of the diagonal there has no meaning.
// Values are finite. A product of two floats is exact in double, and each sum adds its products in the order of the
// rows, so that it is rounded in one way only.
void gram_rows(std::span<const float> values, Layout layout, std::size_t first, std::size_t last,
               std::span<double> out);

namespace reference {
void gram_rows(std::span<const float> values, Layout layout, std::size_t first, std::size_t last,
               std::span<double> out);
}  // namespace reference

}  // namespace bw
