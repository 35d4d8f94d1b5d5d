#include <algorithm>

#include "tensor/kernels/saturation.h"

namespace bw::reference {

void count_saturating_pairs(std::span<const std::int8_t> weights, std::size_t row_length, int activation_max,
                            std::span<std::uint32_t> per_row) {
  for (std::size_t r = 0; r < per_row.size(); ++r) {
    per_row[r] = 0;
    for (std::size_t k = 0; k + 2 <= row_length; k += 2) {
      const int a = weights[r * row_length + k], b = weights[r * row_length + k + 1];
      const int high = activation_max * (std::max(a, 0) + std::max(b, 0));
      const int low = activation_max * (std::min(a, 0) + std::min(b, 0));
      if (high > 32767 || low < -32768) ++per_row[r];
    }
  }
}

}  // namespace bw::reference
