// What the rules of shape inference (rules.h) see: one node where it stands, with the types of its inputs and what is
// known of the numbers in them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace bw {

using Dims = std::vector<Dim>;

inline constexpr std::size_t kLongestContents = 64;  // no shape is longer; longer tensors are data

// One element of a small integer tensor: a number, or a symbol that stands for one (an extent), or unknown.
struct Extent {
  std::optional<std::int64_t> number;
  std::string symbol;

  static Extent of(const Dim& dim);
  Dim dim() const;  // unknown where the number is negative
};

// All elements of an integer tensor of rank 0 or 1.
struct Contents {
  std::vector<Extent> elements;
  bool scalar = false;
};

class Scope;  // the graph around the node (infer.cpp)

class Inference {
 public:
  Inference(Node& node, Scope& scope) : node_(node), scope_(scope) {}

  const Node& node() const { return node_; }
  std::int64_t opset() const;  // of the node's domain
  std::size_t inputs() const { return node_.inputs.size(); }
  std::size_t outputs() const { return node_.outputs.size(); }
  bool has(std::size_t input) const { return node_.input(input) != kNoValue; }

  const ValueType& input(std::size_t i) const;  // of kind Unknown where it is left out
  DType dtype(std::size_t i) const;             // Undefined where not known
  const Dims* shape(std::size_t i) const;       // nullptr where the rank is not known
  Tensor constant(std::size_t i) const;         // undefined where the content is not fixed
  std::optional<Contents> contents(std::size_t i) const;
  // The contents, or unknown elements where only their number is known: of an input that is a list.
  std::optional<Contents> elements(std::size_t i) const;
  std::optional<std::vector<std::int64_t>> integers(std::size_t i) const;  // contents, when all are numbers
  std::optional<std::int64_t> integer(std::size_t i) const;                // the same of one element

  // Attributes, with the defaults of the operator's row. Error(semantic) when one has another type.
  std::int64_t attribute(std::string_view name) const;
  std::string text(std::string_view name) const;
  std::vector<std::int64_t> list(std::string_view name) const;  // empty when left out
  // Element type that an attribute names; `otherwise` when it is left out or 0.
  DType dtype_attribute(std::string_view name, DType otherwise) const;

  // An axis counted from the front; Error(semantic) outside of [-rank, rank).
  std::size_t axis(std::int64_t axis, std::size_t rank) const;
  std::vector<std::size_t> axes(const std::vector<std::int64_t>& axes, std::size_t rank) const;  // each at most once

  // What the rule found; outputs that are left out are ignored.
  void output(std::size_t i, const ValueType& type);
  void output(std::size_t i, DType dtype, std::optional<Dims> shape = std::nullopt);
  void contents_of_output(Contents contents);  // of output 0
  void constant_of_output(const Tensor& content);
  // Infers the graph in an attribute, whose inputs have these types; types of its outputs. Nothing when there is none.
  std::vector<ValueType> body(std::string_view attribute, const std::vector<ValueType>& inputs);

  [[noreturn]] void fail(const std::string& what) const;
  void require(bool holds, const char* what) const {
    if (!holds) fail(what);
  }

 private:
  Node& node_;
  Scope& scope_;
};

// --- dimensions ---

inline Dim number_dim(std::int64_t value) {
  return {value, {}};
}
Dims unknown_dims(std::size_t rank);
std::optional<Dims> copied(const Dims* shape);
// The product: a number where all are, or where one is 0; the one that is left where the others are 1; else unknown.
Dim product(std::span<const Dim> dims);
Dim times(const Dim& dim, std::int64_t factor);
Dim plus(const Dim& a, const Dim& b);  // a number where both are; the one where the other is 0; else unknown
// Two dimensions that must be one: the better known. Error(semantic) for two different numbers.
Dim unified(const Inference& at, const Dim& a, const Dim& b);
// By NumPy's rule; nullopt when one of the shapes is not known.
std::optional<Dims> broadcast(const Inference& at, std::initializer_list<const Dims*> shapes);
std::optional<Dims> broadcast(const Inference& at, std::span<const Dims* const> shapes);

}  // namespace bw
