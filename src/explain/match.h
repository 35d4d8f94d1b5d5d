// Which nodes of a float network the nodes of a quantized one stand for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace bw {

// A value rounded to codes and back: QuantizeLinear or DynamicQuantizeLinear, then DequantizeLinear.
struct RoundTrip {
  NodeId quantize = kNoNode, dequantize = kNoNode;
};

// Where a value of a spelled-out network comes from: the value that a node computed (or an input), and the roundings
// between, the first done first.
struct Origin {
  ValueId root = kNoValue;
  std::vector<RoundTrip> roundings;
};
Origin origin_of(const Graph& graph, const Links& links, ValueId value);

struct MatchedNode {
  NodeId node = kNoNode;      // of the quantized network
  NodeId original = kNoNode;  // of the float one
};

struct Match {
  std::vector<MatchedNode> nodes;    // in the order of the quantized network's nodes
  std::map<ValueId, ValueId> image;  // of inputs and computed values of the quantized network, in the float one
  std::vector<NodeId> unmatched;     // of the quantized network, without roundings
};

// Both prepared, the second spelled out (explain/spelled.h). Nodes correspond that have the same operator and read
// values that correspond; among several, those of one name, or that make values of one name, then the one whose weight
// is nearest. Where the values that a node reads have no counterpart, its name has to do. An activation function that
// the codes' range took over corresponds to the node before it: then the image of that node's output is the activation
// function's.
// Errors: Error(semantic) naming an input or output that the other network does not have, of another element type or
// rank.
Match match(const Graph& original, const Graph& quantized);

// The weight that a node of either network holds, by the operator's row; kNoValue where it holds none.
ValueId weight_of(const Graph& graph, const Node& node);

}  // namespace bw
