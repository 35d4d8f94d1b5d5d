// The parts of verify(): each looks at one thing and throws what it finds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "graph/graph.h"
#include "graph/verify.h"

namespace bw {

// A node where it stands, with what is known before anything runs: constants and declared types.
class Site {
 public:
  // producer: of each value of `graph`, kNoNode where no node makes it.
  Site(const Graph& graph, const std::vector<NodeId>& producer, const GraphLimits& limits)
      : graph_(graph), producer_(producer), limits_(limits) {}

  void at(const Node& node) { node_ = &node; }
  const Node& node() const { return *node_; }
  const Graph& graph() const { return graph_; }
  const GraphLimits& limits() const { return limits_; }

  // Content of an input that is a constant (initializer, Constant node, or Identity of one); undefined otherwise.
  Tensor constant(std::size_t input) const;
  Tensor constant_of(ValueId id) const;
  // The same as integers, if it is a tensor of at most 4096 integers.
  std::optional<std::vector<std::int64_t>> integers(std::size_t input) const;
  // What is declared or known of an input's shape and element type.
  std::optional<std::vector<Dim>> shape(std::size_t input) const;
  std::optional<Shape> static_shape(std::size_t input) const;
  DType dtype(std::size_t input) const;
  const Node* producer(ValueId id) const;

  [[noreturn]] void refuse(std::string what, InputClass input_class = InputClass::Semantic) const;
  void require_within(std::string_view attribute, std::int64_t value, std::int64_t least, std::int64_t most) const;
  // Refuses a value of these dimensions (none negative) if it takes more than limits().computed_bytes.
  void require_bytes(const std::vector<std::int64_t>& dims, DType dtype) const;

 private:
  const Graph& graph_;
  const std::vector<NodeId>& producer_;
  const GraphLimits& limits_;
  const Node* node_ = nullptr;
};

// Number of inputs and outputs, types of attributes and those that must be there, by the operator's row.
void verify_row(const Site& site);

// Ranges of integer attributes.
void verify_attributes(const Site& site);

// Rules by operator: what is known to crash, hang or exhaust runtimes.
void verify_operator(const Site& site);

// Loops that cannot end, or whose results cannot fit.
void verify_loop(const Site& site);

// Functions: no recursion, depth of calls, number of nodes after inlining.
void verify_calls(const Graph& graph, const GraphLimits& limits);

}  // namespace bw
