// The passes, one function in one file each.
#pragma once

#include "graph/graph.h"

namespace bw {

bool freeze_inputs(Graph& graph);
bool densify(Graph& graph);
bool constant_nodes(Graph& graph);
bool as_float32(Graph& graph);
bool fold_shapes(Graph& graph);
bool fold_constants(Graph& graph);
bool remove_identities(Graph& graph);
bool fold_batch_normalization(Graph& graph);
bool global_pooling(Graph& graph);
bool plain_products(Graph& graph);
bool flatten_reshapes(Graph& graph);
bool remove_dead_code(Graph& graph);

}  // namespace bw
