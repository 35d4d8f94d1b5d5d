// What a Constant node holds.
#pragma once

#include "graph/graph.h"

namespace bw {

// Of its attribute: a tensor, a number, a text, or a list of these. Undefined for a sparse tensor, and for other nodes.
Tensor content_of(const Node& node);

}  // namespace bw
