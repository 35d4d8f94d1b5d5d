// ONNX Runtime's CPU provider, version 1.31: which operators have integer, dynamic and weight-only kernels.
#include <array>

#include "target/catalog.h"
#include "target/lower/onnxruntime.h"

namespace bw {
namespace {

using enum IntegerKernel;

constexpr OperatorSupport kOperators[] = {
    // QLinearConv against Conv, times of the kernels alone (AVX-512 VNNI, one thread): 2.3 to 8 with 1 to 3 channels,
    // 0.9 to 2.5 with 4, below 1 from 16 on; 1.1 for rows of 64 numbers, 0.75 for 128; one channel to one 3.5 in any.
    {.op = "Conv", .integer = Weighted, .windows = {.channels = 4, .row = 128}},
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
constexpr Parameter kParameters[] = {
    {.name = "form",
     .type = Parameter::Type::Choice,
     .standard = "qdq",
     .says = "integer nodes between QuantizeLinear and DequantizeLinear, or as QLinear operators",
     .choices = "qdq|qoperator"},
    {.name = "accuracy_level",
     .type = Parameter::Type::Integer,
     .standard = "0",
     .says = "of MatMulNBits: 0 unset, 1 float32, 4 int8 activations",
     .low = 0,
     .high = 4},
};

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
          .parameters = kParameters,
          .lower = lower_for_onnxruntime};
}

}  // namespace bw
