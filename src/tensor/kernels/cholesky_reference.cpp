#include <cmath>

#include "tensor/kernels/cholesky.h"

namespace bw::reference {

std::optional<std::size_t> cholesky(std::span<double> a, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    double* row = a.data() + i * size;
    for (std::size_t k = 0; k < i; ++k)
      for (std::size_t j = i; j < size; ++j) row[j] = row[j] - a[k * size + i] * a[k * size + j];
    if (!(row[i] > 0)) return i;
    const double pivot = std::sqrt(row[i]);
    for (std::size_t j = i; j < size; ++j) row[j] = row[j] / pivot;
    row[i] = pivot;
  }
  return std::nullopt;
}

}  // namespace bw::reference
