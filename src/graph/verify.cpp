#include "graph/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "graph/links.h"
#include "graph/verify_parts.h"

namespace bw {
namespace {

std::size_t at(std::int32_t id) {
  return static_cast<std::size_t>(id);
}

std::string quoted(std::string_view name) {
  return "'" + std::string(name.substr(0, 200)) + "'";
}

// UTF-8 without NUL: names end in JSON, in file names and in C interfaces.
bool is_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || lead == 0 || length > text.size() - i) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    i += length;
  }
  return true;
}

// Counts what the limits bound over the whole model.
struct Totals {
  std::set<FunctionKey> functions;  // of the model
  std::uint64_t tensors = 0, subgraphs = 0, bytes = 0;
  std::unordered_set<const void*> seen = {};  // tensors that share their bytes count once
};

class GraphCheck {
 public:
  GraphCheck(const Graph& graph, int depth, const GraphLimits& limits, Totals& totals)
      : graph_(graph), depth_(depth), limits_(limits), totals_(totals) {}

  void run();

 private:
  void values();
  void tensor(const Value& value);
  void sparse(const Value& value);
  void makers();
  void made(ValueId id, std::string_view how);
  void order();
  void subgraphs(const Node& node);
  void operators();
  ValueId checked(ValueId id, std::string_view use) const;
  void require_name(std::string_view name, std::string_view what) const;

  const Graph& graph_;
  int depth_;  // number of graphs around this one
  const GraphLimits& limits_;
  Totals& totals_;
  std::vector<NodeId> producer_;
  std::vector<bool> made_;
};

[[noreturn]] void refuse(InputClass input_class, std::string what, std::string where = {}) {
  throw Error(input_class, std::move(what), std::move(where));
}

void GraphCheck::require_name(std::string_view name, std::string_view what) const {
  if (name.empty()) refuse(InputClass::Semantic, fmt::format("{} has no name", what));
  if (name.size() > limits_.name_bytes)
    refuse(InputClass::Limit, fmt::format("name of {} bytes is above the limit of {}", name.size(), limits_.name_bytes),
           quoted(name));
  if (!is_text(name)) refuse(InputClass::Format, fmt::format("the name of {} is not UTF-8 text", what));
}

ValueId GraphCheck::checked(ValueId id, std::string_view use) const {
  if (id < 0 || at(id) >= graph_.values.size())
    refuse(InputClass::Semantic, fmt::format("{} of graph {} has no name", use, quoted(graph_.name)));
  return id;
}

void GraphCheck::values() {
  std::unordered_set<std::string_view> names;
  totals_.tensors += graph_.values.size();
  if (totals_.tensors > limits_.tensors) refuse(InputClass::Limit, fmt::format("more than {} values", limits_.tensors));
  for (const Value& value : graph_.values) {
    require_name(value.name, "a value");
    if (!names.insert(value.name).second) refuse(InputClass::Semantic, "two values have this name", quoted(value.name));
    if (value.type.shape && value.type.shape->size() > static_cast<std::size_t>(limits_.rank))
      refuse(InputClass::Limit, fmt::format("rank {} is above the limit of {}", value.type.shape->size(), limits_.rank),
             quoted(value.name));
    tensor(value);
    if (value.sparse_initializer) sparse(value);
  }
}

void GraphCheck::tensor(const Value& value) {
  if (!value.initializer.defined()) return;
  if (totals_.seen.insert(value.initializer.bytes().data()).second) totals_.bytes += value.initializer.bytes().size();
  if (totals_.bytes > limits_.bytes)
    refuse(InputClass::Limit, fmt::format("initializers of more than {} bytes", limits_.bytes));
  if (value.type.is_tensor() && value.type.dtype != DType::Undefined && value.type.dtype != value.initializer.dtype())
    refuse(InputClass::Semantic,
           fmt::format("declared as {}, its initializer is {}", name_of(value.type.dtype),
                       name_of(value.initializer.dtype())),
           quoted(value.name));
}

void GraphCheck::sparse(const Value& value) {
  const SparseTensor& sparse = *value.sparse_initializer;
  const std::string where = "sparse initializer " + quoted(value.name);
  if (sparse.shape.empty() || sparse.shape.size() > static_cast<std::size_t>(limits_.rank))
    refuse(InputClass::Format, fmt::format("rank {} of a sparse tensor", sparse.shape.size()), where);
  for (const std::int64_t dim : sparse.shape)
    if (dim <= 0) refuse(InputClass::Format, fmt::format("dimension {} of a sparse tensor", dim), where);
  const std::uint64_t dense = byte_size(sparse.values.dtype(), element_count(sparse.shape));
  if (dense > limits_.bytes) refuse(InputClass::Limit, fmt::format("{} bytes when dense", dense), where);
  const Shape& indices = sparse.indices.shape();
  const bool linear = indices.size() == 1;
  if (sparse.values.rank() != 1 || sparse.indices.dtype() != DType::Int64 ||
      (indices.size() != 1 && indices.size() != 2) || indices[0] != sparse.values.shape()[0] ||
      (!linear && indices[1] != static_cast<std::int64_t>(sparse.shape.size())))
    refuse(InputClass::Format,
           "indices " + to_string(indices) + " do not fit values " + to_string(sparse.values.shape()), where);
  const auto index = sparse.indices.data<std::int64_t>();
  const auto count = static_cast<std::int64_t>(element_count(sparse.shape));
  const std::size_t width = linear ? 1 : sparse.shape.size();
  std::int64_t last = -1;
  for (std::size_t i = 0; i < index.size(); i += width) {
    std::int64_t flat = 0;
    for (std::size_t k = 0; k < width; ++k) {
      const std::int64_t extent = linear ? count : sparse.shape[k];
      if (index[i + k] < 0 || index[i + k] >= extent)
        refuse(InputClass::Format, fmt::format("index {} is outside of 0 to {}", index[i + k], extent - 1), where);
      flat = linear ? index[i] : flat * extent + index[i + k];
    }
    if (flat <= last) refuse(InputClass::Format, "indices are not sorted, or one is there twice", where);
    last = flat;
  }
}

void GraphCheck::made(ValueId id, std::string_view how) {
  if (made_[at(id)])
    refuse(InputClass::Semantic, fmt::format("made twice, the second time by {}", how),
           "value " + quoted(graph_.value(id).name));
  made_[at(id)] = true;
}

// Every value is made exactly once: by the caller, as a constant, around the graph, or by one node.
void GraphCheck::makers() {
  made_.assign(graph_.values.size(), false);
  producer_.assign(graph_.values.size(), kNoNode);
  for (const ValueId id : graph_.inputs) made(checked(id, "an input"), "an input of the graph");
  for (std::size_t i = 0; i < graph_.values.size(); ++i) {
    const Value& value = graph_.values[i];
    const bool constant = value.initializer.defined() || value.sparse_initializer;
    if (constant && !made_[i]) made(static_cast<ValueId>(i), "an initializer");
  }
  for (const ValueId id : graph_.captured) {
    made(checked(id, "a captured value"), "the graph around");
    if (depth_ == 0)
      refuse(InputClass::Semantic, "captured, with no graph around", "value " + quoted(graph_.value(id).name));
  }
  for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
    const Node& node = graph_.nodes[n];
    for (const ValueId id : node.outputs) {
      if (id == kNoValue) continue;
      made(checked(id, "an output"), fmt::format("node {} ({})", quoted(node.name), node.op_type));
      producer_[at(id)] = static_cast<NodeId>(n);
    }
  }
}

void GraphCheck::order() {
  std::unordered_set<std::string_view> node_names;
  std::unordered_map<std::string_view, ValueId> by_name;
  const auto require = [&](ValueId id, std::size_t user) {
    const Value& value = graph_.value(checked(id, "an input of a node"));
    const std::string where = fmt::format("node {} ({})", quoted(graph_.nodes[user].name), graph_.nodes[user].op_type);
    if (!made_[at(id)]) refuse(InputClass::Semantic, "input " + quoted(value.name) + " is made by nothing", where);
    const NodeId from = producer_[at(id)];
    if (from != kNoNode && at(from) >= user)
      refuse(
          InputClass::Semantic,
          fmt::format("input {} is made by node {}, which does not come before: nodes are in a cycle, or out of order",
                      quoted(value.name), quoted(graph_.node(from).name)),
          where);
  };
  for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
    const Node& node = graph_.nodes[n];
    require_name(node.op_type, "an operator");
    require_name(node.name, "a node");
    if (!node_names.insert(node.name).second)
      refuse(InputClass::Semantic, "two nodes have this name", quoted(node.name));
    for (const ValueId id : node.inputs)
      if (id != kNoValue) require(id, n);
    for (const std::string& name : captured_names(node)) {
      if (by_name.empty())
        for (std::size_t v = 0; v < graph_.values.size(); ++v)
          by_name.emplace(graph_.values[v].name, static_cast<ValueId>(v));
      const auto found = by_name.find(name);
      if (found == by_name.end())
        refuse(InputClass::Semantic, "a graph inside uses " + quoted(name) + ", which is not in the graph around",
               quoted(node.name));
      require(found->second, n);
    }
  }
  for (const ValueId id : graph_.outputs)
    if (!made_[at(checked(id, "an output"))])
      refuse(InputClass::Semantic, "output " + quoted(graph_.value(id).name) + " is made by nothing",
             "graph " + quoted(graph_.name));
}

void GraphCheck::subgraphs(const Node& node) {
  for_each_subgraph(node, [&](const Subgraph& inner) {
    const std::string where = fmt::format("node {} ({})", quoted(node.name), node.op_type);
    if (!inner) refuse(InputClass::Semantic, "an attribute holds no graph", where);
    if (++totals_.subgraphs > limits_.subgraphs)
      refuse(InputClass::Limit, fmt::format("more than {} graphs inside nodes", limits_.subgraphs), where);
    if (depth_ + 1 > limits_.subgraph_depth)
      refuse(InputClass::Limit, fmt::format("graphs nested more than {} deep", limits_.subgraph_depth), where);
    try {
      GraphCheck(*inner, depth_ + 1, limits_, totals_).run();
    } catch (const Error& error) {
      throw error.within(where);
    }
  });
}

void GraphCheck::operators() {
  Site site(graph_, producer_, limits_);
  for (const Node& node : graph_.nodes) {
    std::unordered_set<std::string_view> names;
    for (const Attribute& attribute : node.attributes)
      if (!names.insert(attribute.name).second)
        refuse(InputClass::Semantic, "attribute " + quoted(attribute.name) + " is there twice", quoted(node.name));
    subgraphs(node);
    site.at(node);
    if (!totals_.functions.contains(key_of(node))) verify_row(site);
    verify_attributes(site);
    verify_operator(site);
  }
}

void GraphCheck::run() {
  if (graph_.nodes.size() > limits_.nodes) refuse(InputClass::Limit, fmt::format("more than {} nodes", limits_.nodes));
  values();
  makers();
  order();
  operators();
}

}  // namespace

void verify(const Graph& graph, const GraphLimits& limits) {
  if (graph.outputs.empty()) throw Error(InputClass::Semantic, "the graph has no outputs");
  Totals totals{.functions = functions_of(graph)};
  for (const Function& function : graph.functions) {
    try {
      GraphCheck(function.body, 0, limits, totals).run();
    } catch (const Error& error) {
      throw error.within("function " + quoted(function.name));
    }
  }
  GraphCheck(graph, 0, limits, totals).run();
  verify_calls(graph, limits);
}

}  // namespace bw
