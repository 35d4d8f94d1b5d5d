// Operators that take or make integer codes with scales, besides the products (linear.cpp).
#include "graph/ops/families.h"

namespace bw {

namespace {

constexpr OpInfo kOps[] = {
    {"DequantizeLinear", "", 2, 3, 1, 1},
    {"DynamicQuantizeLinear", "", 1, 1, 3, 3},
    {"QuantizeLinear", "", 2, 3, 1, 1},
    {"DequantizeLinear", "com.microsoft", 2, 3, 1, 1},
    {"GatherBlockQuantized", "com.microsoft", 3, 4, 1, 1, DataFlow::Compute, 0},
    {"QLinearAdd", "com.microsoft", 7, 8, 1, 1},
    {"QLinearAveragePool", "com.microsoft", 4, 5, 1, 1},
    {"QLinearConcat", "com.microsoft", 3, -1, 1, 1},
    {"QLinearGlobalAveragePool", "com.microsoft", 5, 5, 1, 1},
    {"QLinearLeakyRelu", "com.microsoft", 4, 5, 1, 1},
    {"QLinearMul", "com.microsoft", 7, 8, 1, 1},
    {"QLinearReduceMean", "com.microsoft", 4, 5, 1, 1},
    {"QLinearSigmoid", "com.microsoft", 4, 5, 1, 1},
    {"QLinearSoftmax", "com.microsoft", 5, 5, 1, 1},
    {"QLinearWhere", "com.microsoft", 9, 10, 1, 1},
    {"QuantizeLinear", "com.microsoft", 2, 3, 1, 1},
};

}  // namespace

std::span<const OpInfo> quantization_ops() {
  return kOps;
}

}  // namespace bw
