// The Cholesky factor of a symmetric matrix. Results do not depend on the CPU or the number of threads.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace bw {

// In the place of the upper triangle of a [size, size], row-major: upper triangular U with U^T U = a. What is left of
// the diagonal is neither read nor written. Each element has its products subtracted in the order of the rows, each
// rounded before it is subtracted. Nothing, or the first row whose pivot is not positive, where it stops: the matrix is
// not positive definite, and what is left of it has no meaning.
std::optional<std::size_t> cholesky(std::span<double> a, std::size_t size);

namespace reference {
std::optional<std::size_t> cholesky(std::span<double> a, std::size_t size);
}  // namespace reference

}  // namespace bw
