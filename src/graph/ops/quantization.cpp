// Operators that take or make integer codes with scales, besides the products (linear.cpp).
#include "graph/ops/families.h"

namespace bw {

namespace {

using namespace row;

constexpr OpInfo kOps[] = {
    {.name = "DequantizeLinear",
     .inputs = {2, 3},
     .attributes = {integer("axis", 1), integer("block_size", 0), integer("output_dtype", 0)},
     .infer = rule::dequantize_linear},
    {.name = "DynamicQuantizeLinear", .outputs = {3, 3}, .infer = rule::dynamic_quantize_linear},
    {.name = "QuantizeLinear",
     .inputs = {2, 3},
     .attributes = {integer("axis", 1), integer("block_size", 0), integer("output_dtype", 0), integer("precision", 0),
                    integer("saturate", 1)},
     .infer = rule::quantize_linear},
    {.name = "DequantizeLinear",
     .domain = kMicrosoft,
     .inputs = {2, 3},
     .attributes = {integer("axis")},
     .infer = rule::dequantize_linear},
    {.name = "GatherBlockQuantized",
     .domain = kMicrosoft,
     .inputs = {3, 4},
     .attributes = {integer("bits", 4), integer("block_size", 128), integer("gather_axis", 0),
                    integer("quantize_axis", 1)},
     .infer = rule::gather_block_quantized,
     .weight_input = 0},
    {.name = "QLinearAdd", .domain = kMicrosoft, .inputs = {7, 8}, .infer = rule::qlinear_binary},
    {.name = "QLinearAveragePool",
     .domain = kMicrosoft,
     .inputs = {4, 5},
     .attributes = {text("auto_pad", "NOTSET"), integer("ceil_mode", 0), integer("channels_last", 0),
                    integer("count_include_pad", 0), integers("kernel_shape").required(), integers("pads"),
                    integers("strides")},
     .infer = rule::qlinear_pool},
    {.name = "QLinearConcat",
     .domain = kMicrosoft,
     .inputs = {3, -1},
     .attributes = {integer("axis").required()},
     .infer = rule::qlinear_concat},
    {.name = "QLinearGlobalAveragePool",
     .domain = kMicrosoft,
     .inputs = {5, 5},
     .attributes = {integer("channels_last", 0)},
     .infer = rule::qlinear_global_pool},
    {.name = "QLinearLeakyRelu",
     .domain = kMicrosoft,
     .inputs = {4, 5},
     .attributes = {number("alpha", 0.01f)},
     .infer = rule::unary},
    {.name = "QLinearMul", .domain = kMicrosoft, .inputs = {7, 8}, .infer = rule::qlinear_binary},
    {.name = "QLinearReduceMean",
     .domain = kMicrosoft,
     .inputs = {4, 5},
     .attributes = {integers("axes").required(), integer("keepdims").required()},
     .infer = rule::qlinear_reduce},
    {.name = "QLinearSigmoid", .domain = kMicrosoft, .inputs = {4, 5}, .infer = rule::unary},
    {.name = "QLinearSoftmax",
     .domain = kMicrosoft,
     .inputs = {5, 5},
     .attributes = {integer("axis", -1), integer("opset").required()},
     .infer = rule::unary},
    {.name = "QLinearWhere", .domain = kMicrosoft, .inputs = {9, 9}, .infer = rule::qlinear_where},
    {.name = "QuantizeLinear",
     .domain = kMicrosoft,
     .inputs = {2, 3},
     .attributes = {integer("axis")},
     .infer = rule::quantize_linear},
};

}  // namespace

std::span<const OpInfo> quantization_ops() {
  return kOps;
}

}  // namespace bw
