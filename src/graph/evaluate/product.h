// Matrix products in double, for MatMul and what is made of it.
#pragma once

#include <vector>

#include "graph/evaluate/catalog.h"

namespace bw {

struct Matrix {  // numbers of a tensor
  std::vector<double> values;
  Shape shape;
};

// NumPy's matmul: the last two dimensions multiply, those before broadcast, a vector is a row or a column.
Matrix multiply(const Call& call, const Matrix& a, const Matrix& b);

}  // namespace bw
