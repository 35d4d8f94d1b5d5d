// Matrix products of float32. Results do not depend on the CPU or the number of threads.
#pragma once

#include <cstddef>
#include <span>

namespace bw {

// out [rows, columns] = x [rows, inner] * weights [inner, columns], all row-major. Each element adds its products in
// the order of the inner dimension, each rounded before it is added.
void multiply(std::span<const float> x, std::span<const float> weights, std::size_t rows, std::size_t inner,
              std::size_t columns, std::span<float> out);

namespace reference {
void multiply(std::span<const float> x, std::span<const float> weights, std::size_t rows, std::size_t inner,
              std::size_t columns, std::span<float> out);
}  // namespace reference

}  // namespace bw
