// Which nodes compute in integers, and which values hand on codes between them, for a target's integer kernels.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "target/target.h"

namespace bw {

struct KeepFloat {
  std::set<std::string> operators, nodes;  // what the user wants in float
  bool contains(const Node& node) const { return nodes.contains(node.name) || operators.contains(node.op_type); }
};
// "Softmax|/head/Gemm_0": operator types and node names. UsageError names what the graph does not have.
KeepFloat parse_keep_float(std::string_view text, const Graph& graph);

struct Placement {
  std::set<NodeId> integer;           // nodes that compute on codes
  std::map<NodeId, NodeId> bias_add;  // Add of a constant bias -> the product before it, fused by the runtime
  std::set<ValueId> coded;            // values that get QuantizeLinear and DequantizeLinear
  std::map<ValueId, ValueId>
      range_of;  // a coded value -> the value whose range it uses (itself, or where the codes come from)
  std::map<NodeId, std::string> reasons;  // nodes with weights that stay in float, and why
};

// Rules (of ONNX Runtime's fusions; other targets differ in their table):
// - a Weighted node needs a constant float32 weight and a static bias;
// - Arithmetic and Move nodes join when every activation they read is handed on as codes and someone after them
// computes
//   on codes: islands, no lone conversions;
// - an Absorbed node joins when it is the only user of an integer node's result;
// - a node whose kernel can give float hands on codes only when all its users take codes.
Placement place_integers(const Graph& graph, const Target& target, const KeepFloat& keep);

}  // namespace bw
