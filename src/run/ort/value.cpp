#include "run/ort/value.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace bw::ort {
namespace {

Ort::Value string_value(const Tensor& tensor) {
  Ort::AllocatorWithDefaultOptions allocator;
  Ort::Value value =
      Ort::Value::CreateTensor(allocator, tensor.shape().data(), tensor.rank(), ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING);
  const std::vector<std::string>& strings = tensor.strings();
  for (std::size_t i = 0; i < strings.size(); ++i) value.FillStringTensorElement(strings[i].c_str(), i);
  return value;
}

Tensor string_tensor(Ort::ConstValue value, Shape shape, std::size_t count) {
  std::vector<std::string> strings;
  for (std::size_t i = 0; i < count; ++i) strings.push_back(value.GetStringTensorElement(i));
  return Tensor::of_strings(std::move(shape), std::move(strings));
}

Tensor wrap(Ort::ConstValue value, std::shared_ptr<const void> owner) {
  const auto info = value.GetTensorTypeAndShapeInfo();
  const std::size_t count = info.GetElementCount();
  const DType dtype = dtype_of(info.GetElementType());
  if (dtype == DType::String) return string_tensor(value, info.GetShape(), count);
  const auto* data = static_cast<const std::byte*>(value.GetTensorRawData());
  return Tensor::wrap(dtype, info.GetShape(), {data, static_cast<std::size_t>(byte_size(dtype, count))},
                      std::move(owner));
}

}  // namespace

DType dtype_of(ONNXTensorElementDataType type) {
  if (!is_known_dtype(static_cast<int>(type)))
    throw Error(InputClass::Unsupported, "element type " + std::to_string(static_cast<int>(type)) + " is not known");
  return static_cast<DType>(type);
}

Ort::Value value_of(const Tensor& tensor) {
  if (tensor.dtype() == DType::String) return string_value(tensor);
  static const Ort::MemoryInfo kMemory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  auto* data = const_cast<std::byte*>(tensor.bytes().data());  // the runtime only reads its inputs
  return Ort::Value::CreateTensor(kMemory, data, tensor.bytes().size(), tensor.shape().data(), tensor.rank(),
                                  static_cast<ONNXTensorElementDataType>(tensor.dtype()));
}

Tensor view(Ort::ConstValue value) {
  return wrap(value, nullptr);
}

Tensor tensor_of(Ort::Value value) {
  if (!value || !value.IsTensor()) return {};
  auto owner = std::make_shared<Ort::Value>(std::move(value));
  return wrap(owner->GetConst(), owner);
}

}  // namespace bw::ort
