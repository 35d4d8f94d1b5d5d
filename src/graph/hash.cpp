// Content hash: SHA-256 over a canonical byte stream. Values are numbered in the order in which a depth-first walk from
// the outputs meets them, so neither names nor the order of nodes matter. Every item is tagged or length-prefixed, so
// different graphs give different streams.
#include <algorithm>
#include <bit>
#include <set>
#include <tuple>
#include <unordered_map>

#include "base/hash.h"
#include "graph/graph.h"
#include "graph/links.h"

namespace bw {

namespace {

std::size_t at(std::int32_t id) {
  return static_cast<std::size_t>(id);
}

// Nodes that the outputs depend on, producers first, and the values taken from around the graph, in the order met.
struct Walk {
  struct Step {
    NodeId node;
    std::vector<ValueId> captured;  // what the node's subgraphs take from this graph
  };
  std::vector<Step> steps;
  std::vector<std::string> outer;
};
Walk walk(const Graph& graph);

class Walker {
 public:
  explicit Walker(const Graph& graph)
      : graph_(graph),
        producer_(graph.values.size(), kNoNode),
        captured_(graph.values.size(), false),
        visited_(graph.nodes.size(), false) {
    for (std::size_t n = 0; n < graph.nodes.size(); ++n)
      for (ValueId output : graph.nodes[n].outputs)
        if (output != kNoValue) producer_[at(output)] = static_cast<NodeId>(n);
    for (ValueId id : graph.captured) captured_[at(id)] = true;
    for (ValueId output : graph.outputs) visit(output);
  }

  Walk result;

 private:
  struct Frame {
    Walk::Step step;
    std::size_t next = 0;  // inputs of the node first, then what is captured
  };

  void meet_outer(const std::string& name) {
    if (met_.insert(name).second) result.outer.push_back(name);
  }

  std::vector<ValueId> taken_by_subgraphs(const Node& node) {
    std::vector<ValueId> taken;
    for_each_subgraph(node, [&](const Subgraph& subgraph) {
      if (by_name_.empty())
        for (std::size_t v = 0; v < graph_.values.size(); ++v)
          by_name_.emplace(graph_.values[v].name, static_cast<ValueId>(v));
      for (const std::string& name : walk(*subgraph).outer) {
        const auto found = by_name_.find(name);
        if (found != by_name_.end())
          taken.push_back(found->second);
        else
          meet_outer(name);
      }
    });
    return taken;
  }

  void open(std::vector<Frame>& stack, ValueId value) {
    if (value == kNoValue) return;
    if (captured_[at(value)]) meet_outer(graph_.value(value).name);
    const NodeId node = producer_[at(value)];
    if (node == kNoNode || visited_[at(node)]) return;
    visited_[at(node)] = true;
    stack.push_back({{node, taken_by_subgraphs(graph_.node(node))}});
  }

  void visit(ValueId root) {
    std::vector<Frame> stack;
    open(stack, root);
    while (!stack.empty()) {
      Frame& top = stack.back();
      const std::vector<ValueId>& inputs = graph_.node(top.step.node).inputs;
      const std::size_t next = top.next++;
      if (next < inputs.size()) {
        open(stack, inputs[next]);
      } else if (next - inputs.size() < top.step.captured.size()) {
        open(stack, top.step.captured[next - inputs.size()]);
      } else {
        result.steps.push_back(std::move(top.step));
        stack.pop_back();
      }
    }
  }

  const Graph& graph_;
  std::vector<NodeId> producer_;
  std::vector<bool> captured_, visited_;
  std::unordered_map<std::string_view, ValueId> by_name_;  // made when the first subgraph is met
  std::set<std::string> met_;
};

Walk walk(const Graph& graph) {
  return Walker(graph).result;
}

// Canonical numbers of the values of one graph; a graph inside sees those around it by name.
struct Scope {
  const Graph& graph;
  const Scope* outer = nullptr;
  std::int64_t next = outer ? outer->next : 0;
  std::vector<std::int64_t> numbers = std::vector<std::int64_t>(graph.values.size(), -1);
  std::unordered_map<std::string_view, std::int64_t> taken = {};  // of values that subgraphs take

  std::int64_t number(ValueId id) {
    std::int64_t& entry = numbers[at(id)];
    if (entry < 0) entry = from_outside(graph.value(id).name);
    if (entry < 0) entry = next++;
    return entry;
  }
  std::int64_t from_outside(std::string_view name) const {
    for (const Scope* scope = outer; scope; scope = scope->outer)
      if (const auto found = scope->taken.find(name); found != scope->taken.end()) return found->second;
    return -1;
  }
};

enum class Interface { Named, Positional };  // are inputs and outputs known by name, or by position

enum class Constants { Whole, Kinds };  // are constants told by their elements, or by what decides how long nodes take

class Stream {
 public:
  explicit Stream(Constants constants) : constants_(constants) {}

  std::string hex() { return sha_.hex(); }

  void graph(const Graph& graph, Interface interface, const Scope* outer = nullptr) {
    Scope scope{graph, outer};
    add(graph.inputs.size());
    for (ValueId id : graph.inputs) {
      const Value& input = graph.value(id);
      add(scope.number(id));
      if (interface == Interface::Named) text(input.name);
      type(input.type);
      constant(input);
    }
    const std::vector<Walk::Step> steps = walk(graph).steps;
    add(steps.size());
    for (const Walk::Step& step : steps) node(graph.node(step.node), step.captured, scope);
    add(graph.outputs.size());
    for (ValueId id : graph.outputs) {
      if (interface == Interface::Named && id != kNoValue) text(graph.value(id).name);
      use(id, scope);
    }
  }

  void model(const Graph& whole) {
    opsets(whole);
    graph(whole, Interface::Named);
    std::vector<const Function*> functions;
    for (const Function& function : whole.functions) functions.push_back(&function);
    std::sort(functions.begin(), functions.end(), [](const Function* a, const Function* b) {
      return std::tie(a->domain, a->name, a->overload) < std::tie(b->domain, b->name, b->overload);
    });
    add(functions.size());
    for (const Function* function : functions) this->function(*function);
  }

 private:
  void add(std::uint64_t number) {
    std::byte bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(number >> (8 * i));
    sha_.add(std::span<const std::byte>(bytes));
  }
  void add(std::int64_t number) { add(static_cast<std::uint64_t>(number)); }
  void add(std::int32_t number) { add(static_cast<std::int64_t>(number)); }
  void add(float number) { add(std::uint64_t{std::bit_cast<std::uint32_t>(number)}); }
  void text(std::string_view bytes) {
    add(bytes.size());
    sha_.add(bytes);
  }

  void add(const Shape& shape) {
    add(shape.size());
    for (std::int64_t extent : shape) add(extent);
  }

  void add(const Tensor& tensor) {
    add(std::uint64_t{static_cast<std::uint8_t>(tensor.dtype())});
    add(tensor.shape());
    if (tensor.dtype() == DType::String) {
      for (const std::string& entry : tensor.strings()) text(entry);
    } else if (constants_ == Constants::Whole || tensor.dtype() == DType::Int64) {  // int64: shapes, axes, counts
      sha_.add(tensor.bytes());
    }
  }

  void add(const SparseTensor& sparse) {
    add(sparse.values);
    add(sparse.indices);
    add(sparse.shape);
  }

  void type(const ValueType& type) {
    text(to_string(type));  // tells kinds, element types and dimensions apart
  }

  void constant(const Value& value) {
    add(std::uint64_t{value.initializer.defined() ? 1u : value.sparse_initializer ? 2u : 0u});
    if (value.initializer.defined())
      add(value.initializer);
    else if (value.sparse_initializer)
      add(*value.sparse_initializer);
  }

  // A use is the value's number; a constant is told at its first use.
  void use(ValueId id, Scope& scope) {
    if (id == kNoValue) return add(std::int64_t{-1});
    const bool first = scope.numbers[at(id)] < 0;
    add(scope.number(id));
    if (first) constant(scope.graph.value(id));
  }

  void add(const std::string& data) { text(data); }
  void add(const ValueType& data) { type(data); }
  void add(const Attribute::Reference& data) {
    text(data.name);
    add(data.onnx_type);
  }
  void add(const Subgraph& data, const Scope* scope) {
    add(std::uint64_t{data != nullptr});
    if (data) graph(*data, Interface::Positional, scope);
  }

  void attribute(const Attribute& attribute, const Scope* scope) {
    text(attribute.name);
    add(std::uint64_t{attribute.data.index()});
    std::visit(
        [&](const auto& data) {
          using T = std::decay_t<decltype(data)>;
          if constexpr (std::is_same_v<T, Subgraph>) {
            add(data, scope);
          } else if constexpr (std::is_same_v<T, std::vector<Subgraph>>) {
            add(data.size());
            for (const Subgraph& entry : data) add(entry, scope);
          } else if constexpr (requires {
                                 data.size();
                                 data[0];
                               } && !std::is_same_v<T, std::string>) {
            add(data.size());
            for (const auto& entry : data) add(entry);
          } else {
            add(data);
          }
        },
        attribute.data);
  }

  void attributes(const std::vector<Attribute>& list, const Scope* scope) {
    std::vector<const Attribute*> sorted;
    for (const Attribute& entry : list) sorted.push_back(&entry);
    std::sort(sorted.begin(), sorted.end(), [](const Attribute* a, const Attribute* b) { return a->name < b->name; });
    add(sorted.size());
    for (const Attribute* entry : sorted) attribute(*entry, scope);
  }

  void node(const Node& node, const std::vector<ValueId>& captured, Scope& scope) {
    text(node.domain);
    text(node.op_type);
    text(node.overload);
    add(node.inputs.size());
    for (ValueId id : node.inputs) use(id, scope);
    for (ValueId id : captured) {
      use(id, scope);
      scope.taken.emplace(scope.graph.value(id).name, scope.number(id));
    }
    attributes(node.attributes, &scope);
    add(node.outputs.size());
    for (ValueId id : node.outputs) add(id == kNoValue ? std::int64_t{-1} : scope.number(id));
  }

  void opsets(const Graph& graph) {
    add(graph.opsets.size());
    for (const auto& [domain, version] : graph.opsets) {
      text(domain);
      add(version);
    }
  }

  void function(const Function& function) {
    text(function.domain);
    text(function.name);
    text(function.overload);
    add(function.attributes.size());
    for (const std::string& name : function.attributes) text(name);
    attributes(function.attribute_defaults, nullptr);
    opsets(function.body);
    graph(function.body, Interface::Positional);
  }

  const Constants constants_;
  Sha256 sha_;
};

std::string hash(const Graph& graph, Constants constants) {
  Stream stream(constants);
  stream.model(graph);
  return stream.hex();
}

}  // namespace

std::string content_hash(const Graph& graph) {
  return hash(graph, Constants::Whole);
}

std::string structure_hash(const Graph& graph) {
  return hash(graph, Constants::Kinds);
}

}  // namespace bw
