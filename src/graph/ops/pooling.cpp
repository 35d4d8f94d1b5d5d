// Operators that look at windows of an image without weights, and resampling.
#include "graph/ops/families.h"

namespace bw {

namespace {

constexpr OpInfo kOps[] = {
    {"AffineGrid", "", 2, 2, 1, 1},
    {"AveragePool", "", 1, 1, 1, 1},
    {"Col2Im", "", 3, 3, 1, 1},
    {"GlobalAveragePool", "", 1, 1, 1, 1},
    {"GlobalLpPool", "", 1, 1, 1, 1},
    {"GlobalMaxPool", "", 1, 1, 1, 1, DataFlow::Move},
    {"GridSample", "", 2, 2, 1, 1},
    {"LpPool", "", 1, 1, 1, 1},
    {"MaxPool", "", 1, 1, 1, 2, DataFlow::Move},
    {"MaxRoiPool", "", 2, 2, 1, 1, DataFlow::Move},
    {"MaxUnpool", "", 2, 3, 1, 1},
    {"Resize", "", 1, 4, 1, 1},
    {"RoiAlign", "", 3, 3, 1, 1},
    {"Upsample", "", 1, 2, 1, 1},
};

}  // namespace

std::span<const OpInfo> pooling_ops() {
  return kOps;
}

}  // namespace bw
