#include <algorithm>

#include "tensor/kernels/combine.h"

namespace bw::reference {

void combine(std::span<const float> factors, const float* rows, std::span<float, kCombined> out) {
  std::ranges::fill(out, 0.0F);
  for (std::size_t k = 0; k < factors.size(); ++k)
    for (std::size_t c = 0; c < kCombined; ++c) out[c] = out[c] + factors[k] * rows[k * kCombined + c];
}

}  // namespace bw::reference
