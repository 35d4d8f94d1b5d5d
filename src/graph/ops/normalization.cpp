// Operators that scale by statistics of the data or by stored ones, and distributions over an axis.
#include "graph/ops/families.h"

namespace bw {

namespace {

constexpr OpInfo kOps[] = {
    {"BatchNormalization", "", 5, 5, 1, 5},
    {"GroupNormalization", "", 3, 3, 1, 1},
    {"Hardmax", "", 1, 1, 1, 1},
    {"InstanceNormalization", "", 3, 3, 1, 1},
    {"LRN", "", 1, 1, 1, 1},
    {"LayerNormalization", "", 2, 3, 1, 3},
    {"LogSoftmax", "", 1, 1, 1, 1},
    {"LpNormalization", "", 1, 1, 1, 1},
    {"MeanVarianceNormalization", "", 1, 1, 1, 1},
    {"RMSNormalization", "", 2, 2, 1, 1},
    {"SimplifiedLayerNormalization", "", 2, 2, 1, 2},  // written by ONNX Runtime in the default domain
    {"Softmax", "", 1, 1, 1, 1},
    {"EmbedLayerNormalization", "com.microsoft", 7, 9, 2, 3},
    {"SkipLayerNormalization", "com.microsoft", 3, 5, 1, 4},
    {"SkipSimplifiedLayerNormalization", "com.microsoft", 3, 4, 1, 4},
};

}  // namespace

std::span<const OpInfo> normalization_ops() {
  return kOps;
}

}  // namespace bw
