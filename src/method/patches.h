// What a layer multiplies with its weight, as rows that calibration can keep of a value.
//
// Of a MatMul or Gemm that is the input itself. A Conv reads patches: they are made by one more Conv with a one-hot
// filter for each channel and place of the window, group = channels, and the layer's own strides, pads and dilations.
// [N, C * window, ...]: along axis 1 they lie as the weight does, channel by channel and each by its window, row-major.
// So of the C channels that `group` groups read, group g has the columns from g * columns on.
#pragma once

#include <optional>
#include <string>

#include "graph/graph.h"

namespace bw {

struct Patches {
  std::string value;        // of the graph
  int axis = 0;             // of its columns, all groups'; what lies along the other axes are the rows
  std::size_t groups = 1;   // products that stand side by side
  std::size_t columns = 0;  // of one group: what the weight of an output has
};

// Adds to the graph what makes the patches of a node, where something has to; ids of nodes and names stay. Nothing for
// nodes that are neither a plain product with a matrix (graph/ops/product.h) nor a Conv, with a constant weight.
std::optional<Patches> add_patches(Graph& graph, NodeId node);

}  // namespace bw
