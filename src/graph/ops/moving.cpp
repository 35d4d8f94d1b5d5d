// Operators that move, copy, select or make elements without arithmetic on them. Those that only ever pass on elements
// of their first input are marked Move; those that mix several inputs or put in values of their own (Concat, Pad) are
// not.
#include "graph/ops/families.h"

namespace bw {

namespace {

constexpr auto kMove = DataFlow::Move;

constexpr OpInfo kOps[] = {
    {"CenterCropPad", "", 2, 2, 1, 1},
    {"Compress", "", 2, 2, 1, 1, kMove},
    {"Concat", "", 1, -1, 1, 1},
    {"Constant", "", 0, 0, 1, 1},
    {"ConstantOfShape", "", 1, 1, 1, 1},
    {"DepthToSpace", "", 1, 1, 1, 1, kMove},
    {"Dropout", "", 1, 3, 1, 2, kMove},
    {"Expand", "", 2, 2, 1, 1, kMove},
    {"EyeLike", "", 1, 1, 1, 1},
    {"Flatten", "", 1, 1, 1, 1, kMove},
    {"Gather", "", 2, 2, 1, 1, kMove, 0},
    {"GatherElements", "", 2, 2, 1, 1, kMove},
    {"GatherND", "", 2, 2, 1, 1, kMove},
    {"Identity", "", 1, 1, 1, 1, kMove},
    {"Multinomial", "", 1, 1, 1, 1},
    {"OneHot", "", 3, 3, 1, 1},
    {"Pad", "", 1, 4, 1, 1},
    {"RandomNormal", "", 0, 0, 1, 1},
    {"RandomUniform", "", 0, 0, 1, 1},
    {"Range", "", 3, 3, 1, 1},
    {"Reshape", "", 1, 2, 1, 1, kMove},
    {"ReverseSequence", "", 2, 2, 1, 1, kMove},
    {"Scatter", "", 3, 3, 1, 1},
    {"ScatterElements", "", 3, 3, 1, 1},
    {"ScatterND", "", 3, 3, 1, 1},
    {"Shape", "", 1, 1, 1, 1},
    {"Size", "", 1, 1, 1, 1},
    {"Slice", "", 1, 5, 1, 1, kMove},
    {"SpaceToDepth", "", 1, 1, 1, 1, kMove},
    {"Split", "", 1, 2, 1, -1, kMove},
    {"Squeeze", "", 1, 2, 1, 1, kMove},
    {"TensorScatter", "", 2, 3, 1, 1},
    {"Tile", "", 2, 3, 1, 1, kMove},
    {"Transpose", "", 1, 1, 1, 1, kMove},
    {"Trilu", "", 1, 2, 1, 1},
    {"Unsqueeze", "", 1, 2, 1, 1, kMove},
};

}  // namespace

std::span<const OpInfo> moving_ops() {
  return kOps;
}

}  // namespace bw
