// Operators that fold axes away, search along them or accumulate over them.
#include "graph/ops/families.h"

namespace bw {

namespace {

constexpr OpInfo kOps[] = {
    {"ArgMax", "", 1, 1, 1, 1},
    {"ArgMin", "", 1, 1, 1, 1},
    {"CumProd", "", 2, 2, 1, 1},
    {"CumSum", "", 2, 2, 1, 1},
    {"Det", "", 1, 1, 1, 1},
    {"NegativeLogLikelihoodLoss", "", 2, 3, 1, 1},
    {"NonMaxSuppression", "", 2, 5, 1, 1},
    {"NonZero", "", 1, 1, 1, 1},
    {"ReduceL1", "", 1, 2, 1, 1},
    {"ReduceL2", "", 1, 2, 1, 1},
    {"ReduceLogSum", "", 1, 2, 1, 1},
    {"ReduceLogSumExp", "", 1, 2, 1, 1},
    {"ReduceMax", "", 1, 2, 1, 1, DataFlow::Move},
    {"ReduceMean", "", 1, 2, 1, 1},
    {"ReduceMin", "", 1, 2, 1, 1, DataFlow::Move},
    {"ReduceProd", "", 1, 2, 1, 1},
    {"ReduceSum", "", 1, 2, 1, 1},
    {"ReduceSumSquare", "", 1, 2, 1, 1},
    {"SoftmaxCrossEntropyLoss", "", 2, 3, 1, 2},
    {"TopK", "", 1, 2, 2, 2, DataFlow::Move},
    {"Unique", "", 1, 1, 1, 4},
};

}  // namespace

std::span<const OpInfo> reduction_ops() {
  return kOps;
}

}  // namespace bw
