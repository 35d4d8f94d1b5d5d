#include "tensor/kernels/product.h"

namespace bw::reference {

void multiply(std::span<const float> x, std::span<const float> weights, std::size_t rows, std::size_t inner,
              std::size_t columns, std::span<float> out) {
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) {
      float sum = 0;
      for (std::size_t k = 0; k < inner; ++k) sum += x[r * inner + k] * weights[k * columns + c];
      out[r * columns + c] = sum;
    }
}

}  // namespace bw::reference
