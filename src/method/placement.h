// Which nodes compute in integers, and which values hand on codes between them, for a target's integer kernels.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "method/method.h"

namespace bw {

// What stays in float whatever a method would like: what the user said, and what the runtime refused.
class KeepFloat {
 public:
  // `arguments` has "keep_float": operators and names of nodes, separated by '|', with * and ? for parts of them
  // ("Softmax|/head/*"). UsageError names what fits nothing in the graph, and what is near it.
  KeepFloat(const Task& task, const Arguments& arguments);
  // Why a node stays in float; empty when a method may take it.
  std::string reason(const Node& node) const;
  void add(const std::string& node, const std::string& why) { reasons_.emplace(node, why); }

 private:
  std::vector<std::string> patterns_;
  std::map<std::string, std::string> reasons_;  // by node
};

// Keeps in float convolutions that gather too little for their integer kernel to be the faster one by itself: windows
// of so few channels are gathered more slowly than float kernels compute.
void keep_narrow(const Graph& graph, const Target& target, KeepFloat& keep);

struct Placement {
  std::set<NodeId> integer;           // nodes that compute on codes
  std::map<NodeId, NodeId> bias_add;  // Add of a constant -> the product that the runtime merges it with
  std::set<ValueId> coded;            // values that get QuantizeLinear and DequantizeLinear
  std::map<ValueId, ValueId>
      range_of;  // a coded value -> the value whose range it uses (itself, or where the codes come from)
  std::map<NodeId, std::string> reasons;  // nodes with weights that stay in float, and why
};

// Rules, by the kinds of kernels in the target's table:
// - a Weighted node needs a constant float32 weight and a static bias;
// - Arithmetic and Move nodes join when every activation they read is handed on as codes and someone after them
// computes
//   on codes: islands, no lone conversions;
// - an Absorbed node joins when it is the only user of an integer node's result;
// - a node whose kernel can give float hands on codes only when all its users take codes.
Placement place_integers(const Graph& graph, const Target& target, const KeepFloat& keep);

}  // namespace bw
