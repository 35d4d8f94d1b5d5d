// Between our Tensors and ONNX Runtime's values. No bytes are copied but those of strings.
#pragma once

#include <onnxruntime/onnxruntime_cxx_api.h>

#include "tensor/tensor.h"

namespace bw::ort {

// A value that reads the tensor's bytes: the tensor must outlive it.
Ort::Value value_of(const Tensor& tensor);

// A tensor that reads the value's bytes: the value must outlive it.
Tensor view(Ort::ConstValue value);

// A tensor that owns the value. Undefined for what is not a tensor.
Tensor tensor_of(Ort::Value value);

DType dtype_of(ONNXTensorElementDataType type);  // numbers are ONNX's in both

}  // namespace bw::ort
