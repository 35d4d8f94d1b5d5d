// A network in SSA form with ONNX meaning. Values and nodes are addressed by small integer ids; unique names are kept.
// Copying is cheap: tensors and subgraphs are shared and immutable. Edits go through Rewriter (graph/rewriter.h).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tensor/tensor.h"

namespace bw {

using ValueId = std::int32_t;            // index into Graph::values
using NodeId = std::int32_t;             // index into Graph::nodes
inline constexpr ValueId kNoValue = -1;  // an optional input that is left out, an output nobody named
inline constexpr NodeId kNoNode = -1;

// One dimension: a number, a symbol ("N"), or unknown.
struct Dim {
  std::int64_t value = -1;
  std::string symbol;
  bool known() const { return value >= 0; }
  friend bool operator==(const Dim&, const Dim&) = default;
};

// What is known of a value's type.
struct ValueType {
  enum class Kind : std::uint8_t { Unknown, Tensor, SparseTensor, Sequence, Optional, Map };
  Kind kind = Kind::Unknown;
  DType dtype = DType::Undefined;            // element type of a tensor; key type of a map
  std::optional<std::vector<Dim>> shape;     // tensors; nullopt: rank unknown
  std::shared_ptr<const ValueType> element;  // of a sequence, optional or map

  static ValueType tensor(DType dtype, std::optional<std::vector<Dim>> shape = std::nullopt);
  static ValueType tensor(DType dtype, const Shape& shape);
  bool is_tensor() const { return kind == Kind::Tensor; }
  // Shape with every dimension known, or nullopt.
  std::optional<Shape> static_shape() const;
};
bool operator==(const ValueType& a, const ValueType& b);
// "float32[N,3,32,32]"; symbols that are no plain words stand in quotes, so that different types give different texts.
std::string to_string(const ValueType& type);

struct Graph;
using Subgraph = std::shared_ptr<const Graph>;

struct SparseTensor {  // COO as in ONNX
  Tensor values, indices;
  Shape shape;
};

struct Attribute {
  // An attribute of a node in a function body may refer to the function's attribute of that name (ref_attr_name).
  struct Reference {
    std::string name;
    std::int32_t onnx_type = 0;
  };
  using Data =
      std::variant<std::int64_t, float, std::string, Tensor, Subgraph, ValueType, SparseTensor,
                   std::vector<std::int64_t>, std::vector<float>, std::vector<std::string>, std::vector<Tensor>,
                   std::vector<Subgraph>, std::vector<ValueType>, std::vector<SparseTensor>, Reference>;
  std::string name;
  Data data;
  std::string doc;
};

struct Node {
  std::string name;
  std::string op_type;
  std::string domain;                    // "" is ai.onnx
  std::string overload;                  // of a local function
  std::vector<ValueId> inputs, outputs;  // kNoValue where left out
  std::vector<Attribute> attributes;
  std::string doc;
  std::vector<std::pair<std::string, std::string>> metadata;

  bool is(std::string_view op, std::string_view in_domain = "") const { return op_type == op && domain == in_domain; }
  const Attribute* find(std::string_view attribute) const;  // nullptr when absent
  // Value of an attribute, or the default when absent. Error(semantic) when it has another type.
  std::int64_t int_or(std::string_view attribute, std::int64_t otherwise) const;
  float float_or(std::string_view attribute, float otherwise) const;
  std::string string_or(std::string_view attribute, std::string_view otherwise) const;
  std::vector<std::int64_t> ints_or(std::string_view attribute, std::vector<std::int64_t> otherwise) const;
  void set(std::string_view attribute, Attribute::Data data);  // adds or replaces
  void remove(std::string_view attribute);
  ValueId input(std::size_t i) const { return i < inputs.size() ? inputs[i] : kNoValue; }
  ValueId output(std::size_t i) const { return i < outputs.size() ? outputs[i] : kNoValue; }
};

struct Value {
  std::string name;  // unique in its graph, and not shadowing an outer one
  ValueType type;
  Tensor initializer;  // undefined unless the value is a constant stored with the graph
  std::shared_ptr<const SparseTensor> sparse_initializer;
  std::string doc;
  std::vector<std::pair<std::string, std::string>> metadata;
};

struct Function;

struct Graph {
  std::string name;
  std::string doc;
  std::vector<Value> values;
  std::vector<Node> nodes;  // in an order in which every input is there before it is used
  std::vector<ValueId> inputs, outputs;
  // Values of an enclosing graph that this subgraph (attribute of If, Loop, Scan...) uses, by the same name there.
  std::vector<ValueId> captured;
  std::vector<std::pair<std::string, std::string>> metadata;

  // Of the outermost graph only.
  std::int64_t ir_version = 0;
  std::map<std::string, std::int64_t> opsets;  // by domain
  std::vector<Function> functions;
  std::string producer_name, producer_version, domain;
  std::int64_t model_version = 0;
  std::string model_doc;
  std::vector<std::pair<std::string, std::string>> model_metadata;

  Value& value(ValueId id) { return values[static_cast<std::size_t>(id)]; }
  const Value& value(ValueId id) const { return values[static_cast<std::size_t>(id)]; }
  Node& node(NodeId id) { return nodes[static_cast<std::size_t>(id)]; }
  const Node& node(NodeId id) const { return nodes[static_cast<std::size_t>(id)]; }

  // True for a value whose content cannot change: an initializer that is not also an input.
  bool is_constant(ValueId id) const;
  bool is_input(ValueId id) const;
  bool is_output(ValueId id) const;
  ValueId find(std::string_view value_name) const;            // kNoValue when there is none; linear
  NodeId find_node(std::string_view node_name) const;         // kNoNode when there is none; linear
  std::int64_t opset(std::string_view in_domain = "") const;  // 0 when not imported
};

// A local function of a model.
struct Function {
  std::string domain, name, overload;
  std::vector<std::string> attributes;  // required attribute names
  std::vector<Attribute> attribute_defaults;
  Graph body;  // its inputs and outputs are the function's; its opsets are set
};

// Who makes and who uses each value of one graph (uses inside subgraphs count as uses by the node that holds them).
struct Links {
  struct Use {
    NodeId node;
    int input;  // position among the node's inputs, or -1 when captured by one of its subgraphs
  };
  std::vector<NodeId> producer;        // by ValueId; kNoNode for inputs, constants and captured values
  std::vector<std::vector<Use>> uses;  // by ValueId, in node order
};
Links link(const Graph& graph);

// Hash (sha-256, hex) of everything that changes what the graph computes; names of nodes, docs and metadata left out.
std::string content_hash(const Graph& graph);
// The same without the numbers in its constants (those of type int64 count: shapes, axes): graphs that differ in
// weights, scales and zero points alone are equal, and take the same time.
std::string structure_hash(const Graph& graph);

}  // namespace bw
