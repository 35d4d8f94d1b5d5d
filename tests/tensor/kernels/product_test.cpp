#include "tensor/kernels/product.h"

#include "tensor/kernels/each_target.h"

using namespace bw;
using namespace bw::test;

TEST_CASE("multiply gives rows times columns") {
  const std::vector<float> x{1, 2, 3,  //
                             4, 5, 6},
      w{1, 0,  //
        0, 1,  //
        2, -1};
  std::vector<float> out(4);
  multiply(x, w, 2, 3, 2, out);
  CHECK(out == std::vector<float>{7, -1, 16, -1});
}

TEST_CASE("multiply gives the reference's bits") {
  on_each_target([] {
    Random random(9);
    for (const std::size_t rows : {0, 1, 3, 4, 9})
      for (const std::size_t inner : {0, 1, 5, 64})
        for (const std::size_t columns : {1, 15, 16, 17, 70}) {
          const std::vector<float> x = normal_floats(rows * inner, random), w = normal_floats(inner * columns, random);
          std::vector<float> out(rows * columns, -1), expected = out;
          multiply(x, w, rows, inner, columns, out);
          reference::multiply(x, w, rows, inner, columns, expected);
          REQUIRE(bits_of(out) == bits_of(expected));
          out.assign(out.size(), -1.0f);
          multiply(PackedRows(x, rows, inner), w, columns, out);
          REQUIRE(bits_of(out) == bits_of(expected));
        }
  });
}
