// Convolution in double, for Conv, ConvInteger and QLinearConv.
#pragma once

#include "graph/evaluate/product.h"

namespace bw {

// x [batch, in, spatial...], w [out, in / group, kernel...]; attributes from the node. Padding counts as zero.
Matrix convolve(const Call& call, const Matrix& x, const Matrix& w);

}  // namespace bw
