// Small nodes of every operator whose row has couplings.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "graph/coupling_check.h"
#include "graph/text.h"

namespace bw::test {

// One node.
struct Instance {
  std::string op;                   // "com.microsoft":Gelu where it is not of the default domain
  std::vector<std::string> inputs;  // types; "_" where left out; "int64[2] {1, 2}" is a constant
  std::string attributes = {};
  int outputs = 1;
  std::int64_t opset = 22;
  bool quiet = false;  // its outputs need not change with its inputs
};

inline Tensor random(const ValueType& type, Random& random) {
  const Shape shape = type.static_shape().value();
  std::vector<float> values(element_count(shape));
  for (float& value : values) value = static_cast<float>(random.uniform() * 2 - 1);
  for (float& value : values)
    if (type.dtype == DType::Bool)
      value = value > 0 ? 1 : 0;
    else if (info(type.dtype).is_integer)
      value = std::round(std::fabs(value) * 3) + 1;
  return cast(Tensor::of<float>(shape, std::span<const float>(values)), type.dtype);
}

inline Case made(const Instance& one, std::uint64_t seed) {
  std::string text =
      "ir_version 10\nopset \"\" " + std::to_string(one.opset) + "\nopset \"com.microsoft\" 1\ngraph \"g\" {\n";
  std::string call = one.op + "(", outputs;
  for (std::size_t i = 0; i < one.inputs.size(); ++i) {
    const std::string& type = one.inputs[i];
    const std::string name = "%x" + std::to_string(i);
    if (i) call += ", ";
    call += type == "_" ? "_" : name;
    if (type == "_") continue;
    const std::size_t brace = type.find('{');
    text += brace == std::string::npos ? "  input " + name + ": " + type + "\n"
                                       : "  const " + name + ": " + type.substr(0, brace) + " = " + type + "\n";
  }
  for (int i = 0; i < one.outputs; ++i) outputs += (i ? ", %y" : "%y") + std::to_string(i);
  text += "  " + outputs + " = " + call + ")" + (one.attributes.empty() ? "" : " {" + one.attributes + "}") + "\n";
  for (int i = 0; i < one.outputs; ++i) text += "  output %y" + std::to_string(i) + "\n";
  Case result{parse_graph(text + "}\n"), {}};
  Random source(seed);
  for (const ValueId id : result.graph.nodes[0].inputs) {
    if (id == kNoValue) {
      result.inputs.emplace_back();
      continue;
    }
    const Value& value = result.graph.value(id);
    result.inputs.push_back(value.initializer.defined() ? value.initializer : random(value.type, source));
  }
  return result;
}

inline const std::vector<std::string>& unary_operators() {
  static const std::vector<std::string> kAll{"Abs",        "Acos",     "Acosh",
                                             "Asin",       "Asinh",    "Atan",
                                             "Atanh",      "Ceil",     "Celu",
                                             "Clip",       "Cos",      "Cosh",
                                             "Elu",        "Erf",      "Exp",
                                             "Floor",      "Gelu",     "HardSigmoid",
                                             "HardSwish",  "Identity", "LeakyRelu",
                                             "Log",        "Mish",     "Neg",
                                             "Reciprocal", "Relu",     "Round",
                                             "Selu",       "Shrink",   "Sigmoid",
                                             "Sign",       "Sin",      "Sinh",
                                             "Softplus",   "Softsign", "Sqrt",
                                             "Tan",        "Tanh",     "ThresholdedRelu",
                                             "Dropout"};
  return kAll;
}

// Of ONNX's operators.
inline std::vector<Instance> instances() {
  const std::string x = "float32[2,3,4]", image = "float32[2,4,5,5]";
  std::vector<Instance> all{
      {"BitwiseNot", {"int32[2,3]"}},
      {"Cast", {x}, "to = 6"},
      {"CastLike", {x, "float16[1]"}},
      {"IsInf", {x}, "", 1, 22, true},
      {"IsNaN", {x}, "", 1, 22, true},
      {"Not", {"bool[2,3]"}},
      {"Swish", {x}, "", 1, 24},
      {"BitShift", {"uint32[2,3]", "uint32[3]"}, "direction = \"LEFT\""},
      {"Mod", {x, "float32[3,1]"}, "fmod = 1"},
      {"PRelu", {x, "float32[3,1]"}},
      {"Where", {"bool[3,4]", x, "float32[4]"}},
      {"QuantizeLinear", {x, "float32[3] {0.1, 0.2, 0.3}", "uint8[3] {3, 4, 5}"}, "axis = 1"},
      {"QuantizeLinear", {x, "float32[] {0.1}"}},
      {"QuantizeLinear",
       {"float32[2,4,3]", "float32[2,2,3] {0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.1, 0.2, 0.3}"},
       "axis = 1, block_size = 2"},
      {"DequantizeLinear", {"uint8[2,3,4]", "float32[3]", "uint8[3]"}, "axis = 1"},
      {"DequantizeLinear", {"int8[2,3,4]", "float32[]"}},
      {"MatMul", {"float32[2,4]", "float32[4,3]"}},
      {"MatMul", {"float32[2,3,4]", "float32[4,5]"}},
      {"MatMul", {"float32[2,1,3,4]", "float32[5,4,2]"}},
      {"MatMul", {"float32[4]", "float32[4,3]"}},
      {"MatMul", {"float32[3,4]", "float32[4]"}},
      {"Gemm", {"float32[2,4]", "float32[4,3]", "float32[3]"}},
      {"Gemm", {"float32[4,2]", "float32[3,4]", "float32[2,1]"}, "transA = 1, transB = 1, alpha = 0.5f"},
      {"MatMulInteger", {"uint8[2,4]", "int8[4,3]"}},
      {"MatMulInteger", {"uint8[2,4]", "int8[4,3]", "uint8[] {0}", "int8[3] {0, 0, 0}"}},
      {"QLinearMatMul",
       {"uint8[2,4]", "float32[] {0.5}", "uint8[] {0}", "uint8[4,3]", "float32[3] {0.5, 0.25, 1}", "uint8[3] {0, 0, 0}",
        "float32[] {0.05}", "uint8[] {0}"}},
      {"Conv", {image, "float32[6,4,3,3]", "float32[6]"}, "pads = ints [1, 1, 1, 1]"},
      {"Conv", {image, "float32[6,2,3,3]", "float32[6]"}, "group = 2"},
      {"Conv", {image, "float32[8,1,3,3]"}, "group = 4"},
      {"Conv", {"float32[2,3,6]", "float32[4,3,2]"}},
      {"ConvInteger", {"uint8[2,2,4,4]", "uint8[3,2,2,2]", "uint8[] {0}", "uint8[3] {0, 0, 0}"}},
      {"QLinearConv",
       {"uint8[2,2,4,4]", "float32[] {0.5}", "uint8[] {0}", "uint8[3,2,2,2]", "float32[3] {0.5, 0.25, 1}",
        "uint8[3] {0, 0, 0}", "float32[] {0.25}", "uint8[] {0}", "int32[3]"}},
      {"ConvTranspose", {"float32[2,4,3,3]", "float32[4,3,2,2]", "float32[3]"}},
      {"ConvTranspose", {"float32[2,4,3,3]", "float32[4,3,2,2]", "float32[6]"}, "group = 2"},
      {"AveragePool", {image}, "kernel_shape = ints [2, 2]"},
      {"LpPool", {image}, "kernel_shape = ints [2, 2]"},
      {"MaxPool", {image}, "kernel_shape = ints [2, 2]", 2},
      {"GlobalAveragePool", {image}},
      {"GlobalLpPool", {image}},
      {"GlobalMaxPool", {image}},
      {"ArgMax", {x}, "axis = 1"},
      {"ArgMin", {x}, "axis = 1, keepdims = 0"},
      {"TopK", {x, "int64[1] {2}"}, "axis = 1", 2},
      {"Softmax", {x}, "axis = 1"},
      {"Softmax", {x}, "", 1, 11},
      {"LogSoftmax", {x}},
      {"Hardmax", {x}},
      {"LpNormalization", {x}, "axis = 1"},
      {"BatchNormalization", {x, "float32[3]", "float32[3]", "float32[3]", "float32[3] {0.5, 1, 2}"}},
      {"InstanceNormalization", {x, "float32[3]", "float32[3]"}},
      {"GroupNormalization", {"float32[2,4,3]", "float32[4]", "float32[4]"}, "num_groups = 2"},
      {"GroupNormalization", {"float32[2,4,3]", "float32[2]", "float32[2]"}, "num_groups = 2", 1, 18},
      {"LayerNormalization", {x, "float32[4]", "float32[4]"}},
      {"LayerNormalization", {x, "float32[3,4]"}, "axis = 1"},
      {"RMSNormalization", {x, "float32[4]"}, "", 1, 23},
      {"SimplifiedLayerNormalization", {x, "float32[4]"}},
      {"LRN", {image}, "size = 3, alpha = 0.5f"},
      {"Transpose", {x}, "perm = ints [1, 2, 0]"},
      {"Transpose", {x}},
      {"Reshape", {"float32[2,6,4]", "int64[4] {2, 2, 3, 4}"}},
      {"Reshape", {"float32[2,6,4]", "int64[2] {12, 4}"}},
      {"Flatten", {image}},
      {"Flatten", {x}, "axis = 2"},
      {"Squeeze", {"float32[2,1,4]", "int64[1] {1}"}},
      {"Unsqueeze", {"float32[2,4]", "int64[1] {1}"}},
      {"Concat", {"float32[2,3,4]", "float32[2,2,4]", "float32[2,1,4]"}, "axis = 1"},
      {"Split", {"float32[2,5,4]", "int64[2] {3, 2}"}, "axis = 1", 2},
      {"Slice", {x, "int64[1] {1}", "int64[1] {3}", "int64[1] {2}"}},
      {"Pad", {x, "int64[2] {1, 1}", "_", "int64[1] {-1}"}},
      {"Tile", {x, "int64[3] {1, 2, 3}"}},
      {"Gather", {"float32[2,5,3]", "int64[2]"}, "axis = 1"},
      {"Gather", {"float32[5,3]", "int64[2,3]"}},
      {"DepthToSpace", {"float32[2,8,2,2]"}, "blocksize = 2"},
      {"DepthToSpace", {"float32[2,8,2,2]"}, "blocksize = 2, mode = \"CRD\""},
      {"SpaceToDepth", {"float32[2,2,4,4]"}, "blocksize = 2"},
      {"Expand", {"float32[3,1]", "int64[3] {2, 3, 4}"}},
      {"Resize", {"float32[2,3,3,4]", "_", "_", "int64[4] {2, 3, 6, 4}"}},
      {"Upsample", {"float32[2,3,3,4]", "float32[4] {1, 1, 2, 1}"}, "", 1, 9},
      {"LSTM",
       {"float32[3,2,3]", "float32[1,16,3]", "float32[1,16,4]", "float32[1,32]", "_", "float32[1,2,4]",
        "float32[1,2,4]", "float32[1,12]"},
       "hidden_size = 4",
       3},
      {"LSTM",
       {"float32[2,3,3]", "float32[2,16,3]", "float32[2,16,4]"},
       "hidden_size = 4, direction = \"bidirectional\", layout = 1",
       3},
      {"GRU",
       {"float32[3,2,3]", "float32[1,12,3]", "float32[1,12,4]", "float32[1,24]", "_", "float32[1,2,4]"},
       "hidden_size = 4, linear_before_reset = 1",
       2},
      {"RNN",
       {"float32[3,2,3]", "float32[1,4,3]", "float32[1,4,4]", "float32[1,8]", "_", "float32[1,2,4]"},
       "hidden_size = 4",
       2},
  };
  for (const std::string& op : unary_operators()) all.push_back({op, {x}});
  for (const char* op : {"Add", "Div", "Mul", "Sub", "Pow", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"})
    all.push_back({op, {x, "float32[3,1]"}});
  for (const char* op : {"Max", "Mean", "Min", "Sum"}) all.push_back({op, {x, "float32[3,1]", "float32[2,3,4]"}});
  for (const char* op : {"And", "Or", "Xor"}) all.push_back({op, {"bool[6,5]", "bool[5]"}});
  for (const char* op : {"BitwiseAnd", "BitwiseOr", "BitwiseXor", "Equal"})
    all.push_back({op, {"int32[2,3]", "int32[3]"}});
  for (const char* op : {"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
                         "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"}) {
    all.push_back({op, {x, "int64[1] {1}"}, "keepdims = 0"});
    all.push_back({op, {x, "int64[2] {-1, 0}"}});
  }
  return all;
}

// Of ONNX Runtime's.
inline std::vector<Instance> runtime_instances() {
  const std::string x = "float32[2,3,4]", codes = "uint8[2,3,4]", scale = "float32[] {0.5}", zero = "uint8[] {0}";
  const auto microsoft = [](const std::string& op) { return "\"com.microsoft\":" + op; };
  return {
      {"Attention", {"float32[2,4,3,8]", "float32[2,2,5,8]", "float32[2,2,5,6]"}, "", 1, 23},
      {"Attention", {"float32[2,3,8]", "float32[2,5,8]", "float32[2,5,6]"}, "q_num_heads = 2, kv_num_heads = 2", 1, 23},
      {microsoft("MultiHeadAttention"), {"float32[2,3,8]", "float32[2,5,8]", "float32[2,5,8]"}, "num_heads = 2"},
      {microsoft("Attention"), {"float32[2,3,6]", "float32[6,24]", "float32[24]"}, "num_heads = 2"},
      {microsoft("BiasGelu"), {x, "float32[4]"}},
      {microsoft("FastGelu"), {x, "float32[4]"}},
      {microsoft("Gelu"), {x}},
      {microsoft("QuickGelu"), {x}},
      {microsoft("QLinearLeakyRelu"), {codes, scale, zero, scale, zero}, "alpha = 0.5f"},
      {microsoft("QLinearSigmoid"), {codes, scale, zero, "float32[] {0.01}", zero}},
      {microsoft("QuantizeLinear"), {x, "float32[3] {0.1, 0.2, 0.3}", "uint8[3] {3, 4, 5}"}, "axis = 1"},
      {microsoft("DequantizeLinear"), {codes, "float32[3]", "uint8[3] {1, 2, 3}"}, "axis = 1"},
      {microsoft("QLinearAdd"), {codes, scale, zero, "uint8[3,1]", scale, zero, scale, zero}},
      {microsoft("QLinearMul"), {codes, scale, zero, "uint8[3,1]", scale, zero, scale, zero}},
      {microsoft("QLinearWhere"), {"bool[3,4]", codes, scale, zero, "uint8[4]", "float32[] {0.75}", zero, scale, zero}},
      {microsoft("DynamicQuantizeMatMul"),
       {"float32[2,4]", "int8[4,3]", "float32[3] {0.5, 0.25, 1}", "int8[3] {0, 0, 0}", "float32[3]"}},
      {microsoft("FusedConv"), {"float32[2,4,5,5]", "float32[6,4,3,3]", "float32[6]", "float32[2,6,3,3]"}},
      {microsoft("FusedGemm"), {"float32[2,4]", "float32[3,4]", "float32[3]"}, "transB = 1, activation = \"Relu\""},
      {microsoft("FusedMatMul"), {"float32[5,4,2]", "float32[5,3,4]"}, "transA = 1, transB = 1"},
      {microsoft("MatMulIntegerToFloat"),
       {"uint8[2,4]", "int8[4,3]", scale, "float32[3] {0.5, 0.25, 1}", zero, "int8[3] {0, 0, 0}", "float32[3]"}},
      {microsoft("MatMulNBits"),
       {"float32[2,32]", "uint8[3,2,8]", "float32[6]", "uint8[3] {0, 0, 0}", "_", "float32[3]"},
       "K = 32, N = 3, bits = 4, block_size = 16"},
      {microsoft("QLinearAveragePool"), {"uint8[2,3,4,4]", scale, zero, scale, zero}, "kernel_shape = ints [2, 2]"},
      {microsoft("QLinearGlobalAveragePool"), {"uint8[2,4,4,3]", scale, zero, scale, zero}, "channels_last = 1"},
      {microsoft("QLinearConcat"), {scale, zero, codes, scale, zero, "uint8[2,2,4]", scale, zero}, "axis = 1"},
      {microsoft("SkipLayerNormalization"), {x, x, "float32[4]", "float32[4]", "float32[4]"}},
      {microsoft("SkipSimplifiedLayerNormalization"), {x, x, "float32[4]", "float32[4]"}},
  };
}

}  // namespace bw::test
