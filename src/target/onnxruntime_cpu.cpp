// ONNX Runtime's CPU provider, version 1.31: which operators have integer, dynamic and weight-only kernels.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "target/catalog.h"
#include "target/lower/onnxruntime.h"
#include "target/lowering.h"
#include "target/obstacles.h"

namespace bw {
namespace {

using enum IntegerKernel;

bool has_constant_weights(const Graph& graph, const Node& node) {
  const auto is_constant = [&](ValueId id) {
    return id != kNoValue && graph.is_constant(id) && graph.value(id).initializer.dtype() == DType::Float32;
  };
  return is_constant(node.input(1)) && is_constant(node.input(2));
}

// DynamicQuantizeLSTM has no peepholes, no clipping, and only the standard activation functions.
std::string lstm_obstacle(const Graph& graph, const Node& node) {
  if (!has_constant_weights(graph, node)) return "its weights are not constant";
  if (node.input(7) != kNoValue) return "peepholes have no integer kernel";
  if (node.find("activations") != nullptr || node.find("clip") != nullptr || node.int_or("layout", 0) != 0 ||
      node.int_or("input_forget", 0) != 0)
    return "its attributes have no integer kernel";
  return "";
}

// A Scan over steps of integer products against the float kernel, one sequence of 16 to 64 steps, times of one thread
// (AVX-512 VNNI): 1.6 with a hidden size of 192, 1.2 with 256, 0.9 with 320, 0.6 with 384, 0.3 with 512 and 1024; eight
// sequences at once: 0.8, 0.65, 0.55, 0.5, 0.4.
constexpr std::int64_t kLeastHiddenSize = 384;

std::string gru_obstacle(const Graph& graph, const Node& node) {
  if (!has_constant_weights(graph, node)) return "its weights are not constant";
  if (std::string obstacle = apart_obstacle(graph, node); !obstacle.empty()) return obstacle;
  const std::int64_t hidden = graph.value(node.input(2)).initializer.shape()[2];
  return hidden >= kLeastHiddenSize
             ? ""
             : fmt::format("with a hidden size of {} its float kernel is the faster one (below {})", hidden,
                           kLeastHiddenSize);
}

bool is_row_of(const Graph& graph, const Node& product, ValueId constant) {
  const Tensor &matrix = graph.value(product.input(1)).initializer, &row = graph.value(constant).initializer;
  return row.rank() == 1 && row.shape()[0] == matrix.shape()[1];
}

// MatMul and Add become Gemm where they are of matrices, and with more dimensions where all are known.
bool becomes_gemm(const Graph& graph, const Node& product) {
  const auto& shape = graph.value(product.output(0)).type.shape;
  return shape && (shape->size() == 2 || std::ranges::all_of(*shape, [](const Dim& d) { return d.known(); }));
}

constexpr AddedBias kAddedBiases[] = {{.product = "MatMul", .takes = is_row_of, .in_float = becomes_gemm}};

constexpr OperatorSupport kOperators[] = {
    // QLinearConv against Conv, times of the kernels alone (AVX-512 VNNI, one thread): 2.3 to 8 with 1 to 3 channels,
    // 0.9 to 2.5 with 4, below 1 from 16 on; 1.1 for rows of 64 numbers, 0.75 for 128; one channel to one 3.5 in any.
    {.op = "Conv", .integer = Weighted, .windows = {.channels = 4, .row = 128}},
    {.op = "MatMul",
     .integer = Weighted,
     .float_output = true,
     .dynamic = true,
     .weight_only = true,
     .obstacle = product_obstacle},
    {.op = "Gemm",
     .integer = Weighted,
     .float_output = true,
     .dynamic = true,
     .weight_only = true,
     .obstacle = product_obstacle},
    {.op = "LSTM", .dynamic = true, .obstacle = lstm_obstacle},
    {.op = "GRU", .dynamic = true, .obstacle = gru_obstacle},
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
constexpr Parameter kParameters[] = {kForm, kAccuracyLevel};

}  // namespace

Target onnxruntime_cpu() {
  return {.name = "onnxruntime-cpu",
          .says = "ONNX Runtime on the CPU (x86-64 and Arm)",
          .hardware_target = "cpu",
          .format = "onnx",
          .runtime = "onnxruntime",
          .operators = kOperators,
          .added_biases = kAddedBiases,
          .element_types = onnxruntime_types(),
          .activation_code = DType::UInt8,
          .weight_code = DType::Int8,
          .block_sizes = kBlockSizes,
          .parameters = kParameters,
          .pairs_saturate = [](const Machine& machine) { return !machine.has_vnni(); },
          .lower = lower_for_onnxruntime};
}

}  // namespace bw
