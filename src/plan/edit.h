// Changes of the graph itself, which come before anything is coded. A plan's edits are carried out in their order, each
// on what those before it left. What they name is named as in the prepared graph or by an earlier edit.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/graph.h"

namespace bw {

// A float32 constant's slices along `axis` times their factors (cross-layer equalization: Nagel et al. 2019).
struct ScaleConstant {
  std::string constant;
  int axis = 0;
  std::vector<float> factors;
  bool operator==(const ScaleConstant&) const = default;
};

// A constant's new content, of any type and shape.
struct ReplaceConstant {
  std::string constant;
  Tensor content;
  bool operator==(const ReplaceConstant&) const = default;
};

// A constant without some of its slices along `axis`. Which slices of which constants go together is the method's
// business; that the graph still fits is checked when types are inferred.
struct RemoveChannels {
  std::string constant;
  int axis = 0;
  std::vector<std::int64_t> channels;  // ascending
  bool operator==(const RemoveChannels&) const = default;
};

// A node reads a copy of its own, `name`, of a constant that others read too.
struct CopyConstant {
  std::string node;
  int input = 0;
  std::string name;
  bool operator==(const CopyConstant&) const = default;
};

struct AddConstant {
  std::string name;
  Tensor content;
  bool operator==(const AddConstant&) const = default;
};

// What a node does, by the names of its inputs ("": left out).
struct Operation {
  using Setting = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>, std::vector<float>,
                               std::vector<std::string>>;
  std::string op_type, domain;
  std::vector<std::string> inputs;
  std::map<std::string, Setting> attributes;
  bool operator==(const Operation&) const = default;
};

// A new node, whose one output takes the place of `value` for the nodes named; for all of them and the graph's outputs
// when none are. The node itself keeps what it reads.
struct InsertNode {
  std::string name;
  Operation operation;
  std::string output;
  std::string value;
  std::vector<std::string> users;
  bool operator==(const InsertNode&) const = default;
};

// A node does something else and keeps its name and outputs.
struct RewriteNode {
  std::string name;
  Operation operation;
  bool operator==(const RewriteNode&) const = default;
};

using Edit =
    std::variant<ScaleConstant, ReplaceConstant, RemoveChannels, CopyConstant, AddConstant, InsertNode, RewriteNode>;
std::span<const std::string_view> edit_names();  // "scale", "replace", ... as plan files say it, by alternative
std::string_view name_of(const Edit& edit);

// The graph after the edits, with the types that follow from them. Error(Quantization) that says which edit does not
// fit, and what was expected.
Graph edited(const Graph& graph, std::span<const Edit> edits);

}  // namespace bw
