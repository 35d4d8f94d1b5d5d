// A graph while its types are inferred, and the graphs around it.
#pragma once

#include <set>
#include <string_view>
#include <unordered_map>

#include "graph/infer/inference.h"
#include "graph/links.h"

namespace bw {

// The model that all graphs belong to.
struct InferredModel {
  const Graph& graph;
  std::set<FunctionKey> functions;
};

class Scope {
 public:
  // outer: the scope that the graph captures values of; nullptr for the outermost.
  Scope(const InferredModel& model, Graph& graph, Scope* outer);
  void run();

  std::int64_t opset(const std::string& domain) const { return model_.graph.opset(domain); }
  const ValueType& type(ValueId id) const { return graph_.value(id).type; }
  Tensor constant(ValueId id) const;
  std::optional<Contents> contents(ValueId id) const;

  void found(ValueId id, const ValueType& type);  // must agree with what is stated
  void keep(ValueId id, Contents contents);
  void keep(ValueId id, const Tensor& constant);
  std::vector<ValueType> infer_inside(Subgraph& body, const std::vector<ValueType>& inputs);

 private:
  void take_captured();
  void take_constants();
  void step(Node& node);
  ValueId find(std::string_view name);

  const InferredModel& model_;
  Graph& graph_;
  Scope* outer_;
  int depth_;
  std::unordered_map<ValueId, Contents> contents_;
  std::unordered_map<ValueId, Tensor> constants_;  // made by nodes, or of the graphs around
  std::vector<bool> is_input_;
  std::unordered_map<std::string_view, ValueId> by_name_;  // made when a graph inside asks
};

}  // namespace bw
