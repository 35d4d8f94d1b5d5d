// Matrix products of float32. Results do not depend on the CPU or the number of threads.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace bw {

// out [rows, columns] = x [rows, inner] * weights [inner, columns], all row-major. Each element adds its products in
// the order of the inner dimension, each rounded before it is added.
void multiply(std::span<const float> x, std::span<const float> weights, std::size_t rows, std::size_t inner,
              std::size_t columns, std::span<float> out);

// x in the order in which its rows are read, for many products of the same x.
class PackedRows {
 public:
  PackedRows(std::span<const float> x, std::size_t rows, std::size_t inner);
  std::size_t rows() const { return rows_; }
  std::size_t inner() const { return inner_; }
  const float* panels() const { return panels_.data(); }

 private:
  std::size_t rows_, inner_;
  std::vector<float> panels_;
};
void multiply(const PackedRows& x, std::span<const float> weights, std::size_t columns, std::span<float> out);

namespace reference {
void multiply(std::span<const float> x, std::span<const float> weights, std::size_t rows, std::size_t inner,
              std::size_t columns, std::span<float> out);
}  // namespace reference

}  // namespace bw
