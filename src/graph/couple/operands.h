// What the rules of couplings (rules.h) see of a node, and the words that they are written in.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "graph/ops/coupling.h"

namespace bw {

class Operands {
 public:
  Operands(const Graph& graph, const Node& node) : graph_(graph), node_(node) {}

  const Node& node() const { return node_; }
  std::int64_t opset() const { return graph_.opset(node_.domain); }
  int inputs() const { return static_cast<int>(node_.inputs.size()); }
  int outputs() const { return static_cast<int>(node_.outputs.size()); }
  bool has(int input) const { return node_.input(static_cast<std::size_t>(input)) != kNoValue; }
  std::int64_t attribute(std::string_view name) const;
  // Shapes; nullptr where the rank is not known.
  const std::vector<Dim>* input(int i) const;
  const std::vector<Dim>* output(int i) const;
  // An input that is a constant of integers.
  std::optional<std::vector<std::int64_t>> integers(int input) const;
  // Extent of an axis; -1 where it is not known. Negative axes count from the end.
  std::int64_t extent(const OperandAxis& axis) const;

  // --- what was found ---

  // What cannot be is left out: an axis outside of its operand, or of one element; extents that do not fit.
  void tie(Tie tie, OperandAxis a, OperandAxis b, std::int64_t outer = 1, std::int64_t inner = 1);
  // `part` is the slices of `whole` from `offset` on, if that is known (not negative).
  void tie_part(OperandAxis part, OperandAxis whole, std::int64_t offset);
  void tie_groups(OperandAxis input, OperandAxis output, std::int64_t groups);
  // Each axis of an input that an output keeps by NumPy's rule of broadcasting.
  void tie_aligned(int input, int output = 0);
  std::vector<Coupling> found;

 private:
  const std::vector<Dim>* shape(const OperandAxis& axis) const;
  bool from_front(OperandAxis& axis) const;

  const Graph& graph_;
  const Node& node_;
};

inline OperandAxis in(int operand, int axis) {
  return {false, operand, axis};
}
inline OperandAxis out(int operand, int axis) {
  return {true, operand, axis};
}

}  // namespace bw
