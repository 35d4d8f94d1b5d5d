#include "tensor/kernels/cholesky.h"

#include "tensor/kernels/each_target.h"

using namespace bw;
using namespace bw::test;

namespace {

// x^T x of random rows, so many more than columns: positive definite.
std::vector<double> definite(std::size_t size, Random& random) {
  const std::size_t rows = 2 * size + 3;
  const std::vector<float> x = normal_floats(rows * size, random);
  std::vector<double> a(size * size);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t j = 0; j < size; ++j)
        a[i * size + j] += static_cast<double>(x[r * size + i]) * static_cast<double>(x[r * size + j]);
  return a;
}

}  // namespace

TEST_CASE("cholesky gives the factor of a matrix, and leaves what is left of the diagonal") {
  std::vector<double> a{4, 2,  6,  //
                        7, 10, 9,  //
                        7, 7,  14};
  CHECK_FALSE(cholesky(a, 3));
  CHECK(a == std::vector<double>{2, 1, 3,  //
                                 7, 3, 2,  //
                                 7, 7, 1});
}

TEST_CASE("U^T U is the matrix") {
  Random random(3);
  for (const std::size_t size : {1, 5, 64, 131}) {
    const std::vector<double> a = definite(size, random);
    std::vector<double> u = a;
    REQUIRE_FALSE(cholesky(u, size));
    double worst = 0;
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t j = i; j < size; ++j) {
        double sum = 0;
        for (std::size_t k = 0; k <= i; ++k) sum += u[k * size + i] * u[k * size + j];
        worst = std::max(worst, std::abs(sum - a[i * size + j]) / a[i * size + i]);
      }
    CHECK(worst < 1e-13);
  }
}

TEST_CASE("cholesky gives the reference's bits") {
  on_each_target([] {
    Random random(4);
    for (const std::size_t size : {0, 1, 3, 4, 17, 63, 64, 65, 85, 128, 150}) {
      CAPTURE(size);
      std::vector<double> made = definite(size, random), expected = made;
      REQUIRE_FALSE(cholesky(made, size));
      REQUIRE_FALSE(reference::cholesky(expected, size));
      REQUIRE(made == expected);
    }
  });
}

TEST_CASE("a matrix that is not positive definite is found at its row") {
  Random random(5);
  for (const std::size_t bad : {0, 3, 70}) {
    std::vector<double> a = definite(90, random);
    a[bad * 90 + bad] = -1;
    std::vector<double> same = a;
    CHECK(cholesky(a, 90) == bad);
    CHECK(reference::cholesky(same, 90) == bad);
  }
  std::vector<double> undefined{std::numeric_limits<double>::quiet_NaN()}, zero{0};
  CHECK(cholesky(undefined, 1) == 0U);
  CHECK(cholesky(zero, 1) == 0U);
}
