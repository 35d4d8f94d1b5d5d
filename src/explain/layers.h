// The layers of a quantized network, and both networks side by side in one graph, where each layer is computed a third
// time from the float network's values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "explain/match.h"
#include "explain/spelled.h"
#include "measure/differences.h"

namespace bw {

// A node that computes on codes, with what belongs to it: the Add of a constant and the activation function behind it
// that nobody else reads. A rounding counts once: at the layer that makes the value, where a layer makes it and its
// scale is fixed; else at every layer that reads it.
struct Layer {
  NodeId node = kNoNode, original = kNoNode;  // of the quantized and the float network
  std::vector<NodeId> tail;                   // of the quantized network
  ValueId value = kNoValue;                   // the last node's output, before it is rounded
  ValueId original_value = kNoValue;          // the same in the float network
  std::vector<RoundTrip> output;              // of the value: at most one
  std::map<std::size_t, Origin> inputs;       // by operand: those whose roundings count here
};

// Error(semantic), naming a node, when no node that holds a weight has a counterpart, or the weights of none are near
// those of its counterpart: then the networks are not the same. Error(unsupported) instead where a node without a
// counterpart has a body, which may hold those weights.
std::vector<Layer> layers_of(const Graph& original, const Spelled& quantized, const Match& match);

// What of the side-by-side graph says how a layer does.
struct Places {
  std::optional<std::size_t> isolated, accumulated;  // among the pairs
  std::map<ValueId, std::size_t> grids;              // by the codes' value in the quantized network
};

struct SideBySide {
  Graph graph;  // of the float network's inputs and outputs
  Comparisons comparisons;
  std::vector<Places> layers;
  std::vector<std::size_t> outputs;  // pairs, by output of the float network
};
// Isolated: the layer on the float network's values, with the weights that its codes mean and the roundings that count
// there. Accumulated: as the quantized network computes it. Error(unsupported) for a node of the quantized network
// whose body (of If, Loop, Scan) reads values around it.
SideBySide side_by_side(const Graph& original, const Spelled& quantized, const Match& match,
                        const std::vector<Layer>& layers);

// The one scale and zero point of a QuantizeLinear; nothing where it is dynamic or has several.
std::optional<Grid> grid_of(const Graph& graph, const Node& quantize);

}  // namespace bw
