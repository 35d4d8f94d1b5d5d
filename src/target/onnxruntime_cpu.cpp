// ONNX Runtime's CPU provider, version 1.31: which operators have integer, dynamic and weight-only kernels.
#include <array>

#include "target/catalog.h"
#include "target/lower/onnxruntime.h"

namespace bw {
namespace {

using enum IntegerKernel;

constexpr OperatorSupport kOperators[] = {
    {.op = "Conv", .integer = Weighted},
    {.op = "MatMul", .integer = Weighted, .float_output = true, .dynamic = true, .weight_only = true},
    {.op = "Gemm", .integer = Weighted, .float_output = true, .dynamic = true, .weight_only = true},
    {.op = "LSTM", .dynamic = true},
    {.op = "Gather", .embedding = true},
    {.op = "Add", .integer = Arithmetic},
    {.op = "Mul", .integer = Arithmetic},
    {.op = "AveragePool", .integer = Arithmetic},
    {.op = "GlobalAveragePool", .integer = Arithmetic},
    {.op = "LeakyRelu", .integer = Arithmetic},
    {.op = "Sigmoid", .integer = Arithmetic},
    {.op = "Concat", .integer = Arithmetic},
    {.op = "MaxPool", .integer = Move},
    {.op = "Reshape", .integer = Move},
    {.op = "Flatten", .integer = Move},
    {.op = "Transpose", .integer = Move},
    {.op = "Squeeze", .integer = Move},
    {.op = "Unsqueeze", .integer = Move},
    {.op = "Slice", .integer = Move},
    {.op = "Expand", .integer = Move},
    {.op = "Split", .integer = Move},
    {.op = "Resize", .integer = Move},
    {.op = "DepthToSpace", .integer = Move},
    {.op = "Relu", .integer = Absorbed},
    {.op = "Clip", .integer = Absorbed},
};
constexpr int kBlockSizes[] = {16, 32, 64, 128, 256};

}  // namespace

Target onnxruntime_cpu() {
  return {.name = "onnxruntime-cpu",
          .says = "ONNX Runtime on the CPU (x86-64 and Arm)",
          .hardware_target = "cpu",
          .format = "onnx",
          .runtime = "onnxruntime",
          .operators = kOperators,
          .element_types = onnxruntime_types(),
          .activation_code = DType::UInt8,
          .weight_code = DType::Int8,
          .block_sizes = kBlockSizes,
          .lower = lower_for_onnxruntime};
}

}  // namespace bw
