#include "run/ort/tap.h"

#include <onnxruntime/onnxruntime_cxx_api.h>

#include <cstdint>
#include <utility>

#include "base/error.h"
#include "run/ort/value.h"

namespace bw::ort {
namespace {

// --- the protobuf fields needed, by the numbers of onnx.proto ---------------------------------------------------------

std::string varint(std::uint64_t number) {
  std::string bytes;
  for (; number >= 0x80; number >>= 7) bytes += static_cast<char>(0x80 | (number & 0x7f));
  return bytes += static_cast<char>(number);
}
std::string number_field(int field, std::uint64_t number) {
  return varint(static_cast<std::uint64_t>(field) << 3) + varint(number);
}
std::string bytes_field(int field, const std::string& bytes) {
  return varint(static_cast<std::uint64_t>(field) << 3 | 2) + varint(bytes.size()) + bytes;
}

std::string tap_node(std::size_t index, const std::string& value) {
  constexpr int kInput = 1, kOutput = 2, kOpType = 4, kAttribute = 5, kDomain = 7;
  constexpr int kAttributeName = 1, kAttributeInt = 3, kAttributeType = 20, kTypeInt = 2;
  const std::string attribute = bytes_field(kAttributeName, "index") + number_field(kAttributeInt, index) +
                                number_field(kAttributeType, kTypeInt);
  return bytes_field(kInput, value) + bytes_field(kOutput, "bitwright_tap_" + std::to_string(index)) +
         bytes_field(kOpType, "Tap") + bytes_field(kDomain, kTapDomain) + bytes_field(kAttribute, attribute);
}

// --- the kernel -------------------------------------------------------------------------------------------------------

thread_local const TapSink* current_sink = nullptr;
thread_local std::exception_ptr current_error;

struct TapKernel {
  std::size_t index;

  explicit TapKernel(const OrtKernelInfo* info)
      : index(static_cast<std::size_t>(Ort::ConstKernelInfo(info).GetAttribute<std::int64_t>("index"))) {}

  OrtStatusPtr ComputeV2(OrtKernelContext* raw) {
    try {
      Ort::KernelContext context(raw);
      if (current_sink && *current_sink) (*current_sink)(index, view(context.GetInput(0)));
      const std::int64_t empty = 0;
      context.GetOutput(0, &empty, 1);
      return nullptr;
    } catch (...) {  // nothing may be thrown through the runtime: it is kept, and thrown again behind it
      if (!current_error) current_error = std::current_exception();
      return Ort::GetApi().CreateStatus(ORT_FAIL, "a tap refused its value");
    }
  }
};

struct TapOperator : Ort::CustomOpBase<TapOperator, TapKernel, true> {
  OrtStatusPtr CreateKernelV2(const OrtApi&, const OrtKernelInfo* info, void** kernel) const {
    *kernel = new TapKernel(info);
    return nullptr;
  }
  const char* GetName() const { return "Tap"; }
  const char* GetExecutionProviderType() const { return "CPUExecutionProvider"; }
  std::size_t GetInputTypeCount() const { return 1; }
  ONNXTensorElementDataType GetInputType(std::size_t) const { return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED; }
  std::size_t GetOutputTypeCount() const { return 1; }
  ONNXTensorElementDataType GetOutputType(std::size_t) const { return ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8; }
};

}  // namespace

std::string tap_suffix(std::span<const std::string> values) {
  constexpr int kGraph = 7, kOpsetImport = 8, kNode = 1, kOpsetDomain = 1, kOpsetVersion = 2;
  std::string nodes;
  for (std::size_t i = values.size(); i-- > 0;) nodes += bytes_field(kNode, tap_node(i, values[i]));
  return bytes_field(kGraph, nodes) +
         bytes_field(kOpsetImport, bytes_field(kOpsetDomain, kTapDomain) + number_field(kOpsetVersion, 1));
}

const OrtCustomOp* tap_operator() {
  static const TapOperator kOperator;
  return &kOperator;
}

TapScope::TapScope(const TapSink& sink)
    : outer_(std::exchange(current_sink, &sink)), outer_error_(std::exchange(current_error, nullptr)) {}
TapScope::~TapScope() {
  current_sink = outer_;
  current_error = std::move(outer_error_);
}
std::exception_ptr TapScope::take_error() { return std::exchange(current_error, nullptr); }

}  // namespace bw::ort
