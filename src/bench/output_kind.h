// What a model's first output is, as far as its graph tells.
#pragma once

#include "graph/graph.h"

namespace bw {

// Whether the largest along the last axis is an answer: what comes out of a Softmax along it, or of a product with a
// constant matrix (a classifier's logits), looked at through nodes that leave the last axis alone. Boxes, coordinates,
// pictures and embeddings that something else computed are no class scores: their largest element means nothing.
bool gives_class_scores(const Graph& prepared);

}  // namespace bw
