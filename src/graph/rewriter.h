// Edits a graph and keeps use lists right while doing so. Ids stay valid until finish().
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace bw {

class Rewriter {
 public:
  explicit Rewriter(Graph& graph);

  const Graph& graph() const { return graph_; }
  NodeId producer(ValueId value) const;  // kNoNode for inputs and constants
  const std::vector<Links::Use>& uses(ValueId value) const;

  bool is_taken(std::string_view value_name) const;  // here or in a subgraph

  // New values get the hint as name, made unique by a number when taken.
  ValueId add_value(std::string_view name_hint, ValueType type = {});
  ValueId add_constant(std::string_view name_hint, Tensor tensor);
  // Adds a node with one new output and returns that value; both are named after the hint. The node's place in the
  // order is found by finish().
  ValueId add_op(std::string_view op_type, std::vector<ValueId> inputs, std::vector<Attribute> attributes,
                 std::string_view name_hint, ValueType type = {}, std::string_view domain = "");
  NodeId add_node(Node node);

  void set_input(NodeId node, std::size_t position, ValueId value);
  void set_constant(ValueId value, Tensor tensor);  // replaces an initializer's content
  // Makes a constant of a computed value, which keeps its name. Its producer goes when no output of it is left.
  void make_constant(ValueId value, Tensor tensor);
  void set_type(ValueId value, ValueType type);
  // Makes every user of `from` (and subgraphs that capture it) use `to`, except the nodes in `keep`; false when there
  // was nothing to change. Without `keep`, a graph output `from` hands its name and place over to `to`, unless `to` is
  // an input, a constant or an output itself: then `from` stays the output.
  bool replace_uses(ValueId from, ValueId to, std::span<const NodeId> keep = {});
  // The graph output `from` (if it is one) hands its name, type and place over to `to`, by the same rule; true if it
  // did.
  bool take_over_output(ValueId from, ValueId to);
  void remove_node(NodeId node);  // its outputs must have no uses left and not be graph outputs
  Node& edit(NodeId node);        // attributes and names only; inputs and outputs through the calls above

  // Drops removed nodes and values nobody uses, orders nodes topologically (stable), renumbers ids.
  // Error(semantic) for a cycle.
  void finish();

 private:
  void index();
  void unuse(ValueId value, NodeId node, int input);
  Graph& graph_;
  Links links_;
  std::vector<bool> removed_;
  std::map<std::string, ValueId, std::less<>> by_name_;  // kNoValue: a name inside a subgraph
  std::set<std::string, std::less<>> node_names_;
};

}  // namespace bw
