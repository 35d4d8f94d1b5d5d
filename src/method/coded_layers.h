// Layers whose weights a plan codes by a rule, for methods that make better what was decided.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "method/weight_rows.h"
#include "plan/plan.h"

namespace bw {

struct CodedLayer {
  NodeId node;
  int input;  // of the weight

  const Tensor& weight(const Graph& graph) const {
    return graph.value(graph.node(node).input(static_cast<std::size_t>(input))).initializer;
  }
  QParams& params(const Graph& graph, Plan& plan) const {
    return plan.nodes.at(graph.node(node).name).operands.at(input);
  }
  // Whether the rows of the weight as it is stored are outputs: those of a Conv and of a transposed product.
  bool by_output(const Graph& graph) const;
};

// Products and convolutions whose weights have codes that are wanted, in the graph's order.
std::vector<CodedLayer> layers_with(const Graph& graph, const Plan& plan, bool (*are_wanted)(const QParams&));
// Those of integer codes that follow from rounding.
std::vector<CodedLayer> coded_layers(const Graph& graph, const Plan& plan);

// The network as the plan codes it, but for these layers, which multiply with their weights as they were. Nodes keep
// their names where they are not coded.
Graph coded_but(const Graph& graph, const Plan& plan, std::span<const CodedLayer> layers);

// Whether a layer's weight may get other scales: not where it computes in integers, since the codes of its bias follow
// from them.
bool has_free_scales(const CodedLayer& layer, const Graph& graph, const Plan& plan);

// The weight of a layer whose blocks or channels have scales of their own, which are free; nothing for other ones.
std::optional<WeightRows> rows_in_blocks(const CodedLayer& layer, const Graph& graph, Plan& plan);

// Scales, zero points and codes [outputs, columns] of a layer into the plan.
void store(const WeightRows& rows, const std::vector<float>& codes, const CodedLayer& layer, const Graph& graph,
           Plan& plan);

}  // namespace bw
