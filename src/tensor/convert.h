// Element conversion by value between dtypes, and unpacking of sub-byte types (tensor/packing does the bits).
#pragma once

#include <vector>

#include "tensor/tensor.h"

namespace bw {

// Elements as double, int64 or float, whatever the numeric dtype (exact where the target can hold the value).
std::vector<double> to_doubles(const Tensor& tensor);
std::vector<std::int64_t> to_int64s(const Tensor& tensor);
std::vector<float> to_floats(const Tensor& tensor);

// The same values in another dtype, as ONNX Cast (opset 21, saturate = 1 for float8).
Tensor cast(const Tensor& tensor, DType dtype);

}  // namespace bw
