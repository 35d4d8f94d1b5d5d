// Matrices with rows and columns exchanged.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace bw {

// Each matrix of [count, rows, columns], row-major, becomes [count, columns, rows]; count follows from the size.
template <class T>
std::vector<T> transposed(std::span<const T> matrices, std::size_t rows, std::size_t columns) {
  constexpr std::size_t kTile = 32;  // stays in the first cache both ways
  std::vector<T> out(matrices.size());
  const std::size_t size = rows * columns;
  for (std::size_t first = 0; size != 0 && first < matrices.size(); first += size)
    for (std::size_t r0 = 0; r0 < rows; r0 += kTile)
      for (std::size_t c0 = 0; c0 < columns; c0 += kTile)
        for (std::size_t r = r0; r < std::min(r0 + kTile, rows); ++r)
          for (std::size_t c = c0; c < std::min(c0 + kTile, columns); ++c)
            out[first + c * rows + r] = matrices[first + r * columns + c];
  return out;
}

}  // namespace bw
