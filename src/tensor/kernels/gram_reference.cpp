#include <algorithm>

#include "tensor/kernels/gram.h"

namespace bw::reference {

void gram_rows(std::span<const float> values, Layout layout, std::size_t first, std::size_t last,
               std::span<double> out) {
  std::fill(out.begin(), out.end(), 0.0);
  for (std::size_t row = 0; row < layout.outer * layout.inner; ++row) {
    const auto at = [&](std::size_t channel) -> double {
      return values[(row / layout.inner * layout.channels + channel) * layout.inner + row % layout.inner];
    };
    for (std::size_t i = first; i < last; ++i)
      for (std::size_t j = i; j < layout.channels; ++j) out[(i - first) * layout.channels + j] += at(i) * at(j);
  }
}

}  // namespace bw::reference
