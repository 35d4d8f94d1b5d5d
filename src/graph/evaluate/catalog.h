// The interpreter's catalog: one entry an operator, in one file a family. An entry gets a Call and returns the outputs.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "graph/evaluate.h"
#include "graph/graph.h"
#include "graph/ops/op.h"

namespace bw {

using NamedTensors = std::map<std::string, Tensor, std::less<>>;

// One node with its inputs. The accessors refuse what does not fit, naming the node.
struct Call {
  const Graph& graph;
  const Node& node;
  const std::vector<Tensor>& inputs;
  std::int64_t opset;                   // of the node's domain
  const NamedTensors* outer = nullptr;  // values around the node that its subgraphs may take; nullptr: not known
  int depth = 0;                        // of subgraphs
  std::uint64_t most_elements = kMostEvaluatedElements;

  bool has(std::size_t i) const { return i < inputs.size() && inputs[i].defined(); }
  const Tensor& input(std::size_t i) const;                 // Error(semantic) when left out
  std::vector<std::int64_t> integers(std::size_t i) const;  // an input as integers
  std::int64_t integer(std::size_t i) const;                // an input of one element
  double number(std::size_t i) const;                       // an input of one element
  // Attributes, with the defaults of the operator's row at this opset.
  std::int64_t int_of(std::string_view attribute) const { return bw::int_of(node, attribute, opset); }
  float float_of(std::string_view attribute) const { return bw::float_of(node, attribute, opset); }
  std::string string_of(std::string_view attribute) const { return bw::string_of(node, attribute, opset); }
  [[noreturn]] void fail(const std::string& what, InputClass input_class = InputClass::Semantic) const;
  void require(bool holds, const char* what) const {
    if (!holds) fail(what);
  }
  // An axis counted from the front; Error(semantic) outside [-rank, rank).
  std::size_t axis(std::int64_t axis, std::size_t rank) const;
  // Elements of a result. Error(semantic) when a dimension is negative, Error(limit) when it would be too big; empty
  // axes count as one there, since work goes with the others.
  std::size_t result_size(const Shape& shape) const;
};

using Outputs = std::vector<Tensor>;

struct ReferenceKernel {
  std::string_view op;
  Outputs (*run)(const Call&);
  std::string_view domain = "";
};

std::span<const ReferenceKernel> unary_kernels();
std::span<const ReferenceKernel> binary_kernels();
std::span<const ReferenceKernel> cast_kernels();
std::span<const ReferenceKernel> shape_kernels();
std::span<const ReferenceKernel> move_kernels();
std::span<const ReferenceKernel> gather_kernels();
std::span<const ReferenceKernel> reduce_kernels();
std::span<const ReferenceKernel> search_kernels();
std::span<const ReferenceKernel> product_kernels();
std::span<const ReferenceKernel> conv_kernels();
std::span<const ReferenceKernel> pool_kernels();
std::span<const ReferenceKernel> resize_kernels();
std::span<const ReferenceKernel> normalization_kernels();
std::span<const ReferenceKernel> recurrent_kernels();
std::span<const ReferenceKernel> quantize_kernels();
std::span<const ReferenceKernel> control_kernels();

// A graph's outputs given all values around it; for the operators that hold subgraphs.
Outputs evaluate_subgraph(const Call& call, const Graph& subgraph, const std::vector<Tensor>& inputs);

}  // namespace bw
