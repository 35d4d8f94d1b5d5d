#include "graph/rewriter.h"

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "graph/links.h"

namespace bw {

namespace {

std::size_t at(std::int32_t id) {
  return static_cast<std::size_t>(id);
}

// A name of a subgraph must not be taken outside either: it would shadow the outer one.
void collect_names(const Node& node, std::map<std::string, ValueId, std::less<>>& names) {
  for_each_subgraph(node, [&](const Subgraph& subgraph) {
    for (const Value& value : subgraph->values) names.emplace(value.name, kNoValue);
    for (const Node& inner : subgraph->nodes) collect_names(inner, names);
  });
}

// A copy of the subgraph, and of those inside it, in which captured value `from` is captured as `to`.
Subgraph with_capture_renamed(const Subgraph& subgraph, const std::string& from, const std::string& to) {
  auto copy = std::make_shared<Graph>(*subgraph);
  const auto id_of = [&](const std::string& name) {
    for (ValueId id : copy->captured)
      if (copy->value(id).name == name) return id;
    return kNoValue;
  };
  for (Node& node : copy->nodes)
    for_each_subgraph(node, [&](Subgraph& inner) { inner = with_capture_renamed(inner, from, to); });
  const ValueId old_id = id_of(from), new_id = id_of(to);
  if (old_id != kNoValue && new_id == kNoValue) copy->value(old_id).name = to;
  if (old_id != kNoValue && new_id != kNoValue) {  // both were captured: one is enough
    for (Node& node : copy->nodes) std::replace(node.inputs.begin(), node.inputs.end(), old_id, new_id);
    std::replace(copy->outputs.begin(), copy->outputs.end(), old_id, new_id);
    Rewriter(*copy).finish();  // drops what is not used now
  }
  return copy;
}

void rename_capture(Node& node, const std::string& from, const std::string& to) {
  for_each_subgraph(node, [&](Subgraph& subgraph) { subgraph = with_capture_renamed(subgraph, from, to); });
}

}  // namespace

Rewriter::Rewriter(Graph& graph) : graph_(graph) {
  index();
}

void Rewriter::index() {
  links_ = link(graph_);
  removed_.assign(graph_.nodes.size(), false);
  by_name_.clear();
  for (std::size_t i = 0; i < graph_.values.size(); ++i)
    by_name_.emplace(graph_.values[i].name, static_cast<ValueId>(i));
  for (const Node& each : graph_.nodes) collect_names(each, by_name_);
  node_names_.clear();
  for (const Node& node : graph_.nodes) node_names_.insert(node.name);
}

NodeId Rewriter::producer(ValueId value) const {
  return value == kNoValue ? kNoNode : links_.producer[at(value)];
}

const std::vector<Links::Use>& Rewriter::uses(ValueId value) const {
  return links_.uses[at(value)];
}

bool Rewriter::is_taken(std::string_view value_name) const {
  return by_name_.contains(value_name);
}

namespace {

// The hint, with a number when it is taken.
template <class Names>
std::string unique_name(std::string_view hint, const Names& taken) {
  if (hint.empty()) hint = "value";
  std::string name(hint);
  for (int count = 1; taken.contains(name); ++count) name = std::string(hint) + "_" + std::to_string(count);
  return name;
}

}  // namespace

ValueId Rewriter::add_value(std::string_view name_hint, ValueType type) {
  std::string name = unique_name(name_hint, by_name_);
  const auto id = static_cast<ValueId>(graph_.values.size());
  Value value;
  value.name = name;
  value.type = std::move(type);
  graph_.values.push_back(std::move(value));
  links_.producer.push_back(kNoNode);
  links_.uses.emplace_back();
  by_name_.emplace(std::move(name), id);
  return id;
}

ValueId Rewriter::add_constant(std::string_view name_hint, Tensor tensor) {
  const ValueId id = add_value(name_hint);
  set_constant(id, std::move(tensor));
  return id;
}

ValueId Rewriter::add_op(std::string_view op_type, std::vector<ValueId> inputs, std::vector<Attribute> attributes,
                         std::string_view name_hint, ValueType type, std::string_view domain) {
  Node node;
  const ValueId output = add_value(name_hint, std::move(type));
  node.name = unique_name(name_hint, node_names_);
  node.op_type = op_type;
  node.domain = domain;
  node.inputs = std::move(inputs);
  node.outputs = {output};
  node.attributes = std::move(attributes);
  add_node(std::move(node));
  return output;
}

NodeId Rewriter::add_node(Node node) {
  const auto id = static_cast<NodeId>(graph_.nodes.size());
  for (std::size_t i = 0; i < node.inputs.size(); ++i)
    if (node.inputs[i] != kNoValue) links_.uses[at(node.inputs[i])].push_back({id, static_cast<int>(i)});
  for (const std::string& name : captured_names(node)) {
    const auto found = by_name_.find(name);
    if (found != by_name_.end() && found->second != kNoValue) links_.uses[at(found->second)].push_back({id, -1});
  }
  for (ValueId output : node.outputs) {
    if (output == kNoValue) continue;
    if (links_.producer[at(output)] != kNoNode)
      throw Error(ErrorKind::Internal, "value would have two producers", graph_.value(output).name);
    links_.producer[at(output)] = id;
  }
  collect_names(node, by_name_);
  node_names_.insert(node.name);
  graph_.nodes.push_back(std::move(node));
  removed_.push_back(false);
  return id;
}

void Rewriter::unuse(ValueId value, NodeId node, int input) {
  std::erase_if(links_.uses[at(value)], [&](const Links::Use& use) { return use.node == node && use.input == input; });
}

void Rewriter::set_input(NodeId node, std::size_t position, ValueId value) {
  std::vector<ValueId>& inputs = graph_.node(node).inputs;
  if (position >= inputs.size()) inputs.resize(position + 1, kNoValue);
  const int input = static_cast<int>(position);
  if (inputs[position] != kNoValue) unuse(inputs[position], node, input);
  inputs[position] = value;
  if (value != kNoValue) links_.uses[at(value)].push_back({node, input});
  while (!inputs.empty() && inputs.back() == kNoValue) inputs.pop_back();
}

void Rewriter::set_constant(ValueId value, Tensor tensor) {
  Value& target = graph_.value(value);
  target.type = ValueType::tensor(tensor.dtype(), tensor.shape());
  target.initializer = std::move(tensor);
}

void Rewriter::set_type(ValueId value, ValueType type) {
  graph_.value(value).type = std::move(type);
}

void Rewriter::make_constant(ValueId value, Tensor tensor) {
  const NodeId node = producer(value);
  set_constant(value, std::move(tensor));
  links_.producer[at(value)] = kNoNode;
  std::vector<ValueId>& outputs = graph_.node(node).outputs;
  std::replace(outputs.begin(), outputs.end(), value, kNoValue);
  if (std::count(outputs.begin(), outputs.end(), kNoValue) == static_cast<std::ptrdiff_t>(outputs.size()))
    remove_node(node);
}

bool Rewriter::replace_uses(ValueId from, ValueId to, std::span<const NodeId> keep) {
  if (from == to) return false;
  const std::vector<Links::Use> uses = links_.uses[at(from)];
  bool changed = false;
  for (const Links::Use& use : uses) {
    if (std::find(keep.begin(), keep.end(), use.node) != keep.end()) continue;
    changed = true;
    if (use.input >= 0) {
      set_input(use.node, static_cast<std::size_t>(use.input), to);
      continue;
    }
    rename_capture(graph_.node(use.node), graph_.value(from).name, graph_.value(to).name);
    unuse(from, use.node, -1);
    unuse(to, use.node, -1);  // it may have been captured too
    links_.uses[at(to)].push_back({use.node, -1});
  }
  return (keep.empty() && take_over_output(from, to)) || changed;
}

// A graph output keeps its name, and the name goes with the value: `to` takes the name (and the declared type) of
// `from`. That cannot be when `to` already has a name of its own that others know: then `from` stays the output.
bool Rewriter::take_over_output(ValueId from, ValueId to) {
  if (!graph_.is_output(from) || links_.producer[at(to)] == kNoNode || graph_.is_output(to)) return false;
  const std::string name = graph_.value(from).name, other = graph_.value(to).name;
  for (const Links::Use& use : links_.uses[at(to)])
    if (use.input < 0) rename_capture(graph_.node(use.node), other, name);
  std::swap(graph_.value(from).name, graph_.value(to).name);
  by_name_[name] = to;
  by_name_[other] = from;
  if (graph_.value(from).type.kind != ValueType::Kind::Unknown) graph_.value(to).type = graph_.value(from).type;
  std::replace(graph_.outputs.begin(), graph_.outputs.end(), from, to);
  return true;
}

void Rewriter::remove_node(NodeId node) {
  for (ValueId output : graph_.node(node).outputs) {
    if (output == kNoValue) continue;
    if (!links_.uses[at(output)].empty() || graph_.is_output(output))
      throw Error(ErrorKind::Internal, "node is removed while its output is used", graph_.value(output).name);
    links_.producer[at(output)] = kNoNode;
  }
  for (ValueId input : graph_.node(node).inputs)
    if (input != kNoValue)
      std::erase_if(links_.uses[at(input)], [&](const Links::Use& use) { return use.node == node; });
  for (const std::string& name : captured_names(graph_.node(node))) {
    const auto found = by_name_.find(name);
    if (found != by_name_.end() && found->second != kNoValue) unuse(found->second, node, -1);
  }
  removed_[at(node)] = true;
}

Node& Rewriter::edit(NodeId node) {
  return graph_.node(node);
}

namespace {

// Stable: a node keeps its place unless a producer of its inputs stands behind it; then that one comes first.
class TopologicalOrder {
 public:
  TopologicalOrder(const Graph& graph, const Links& links, const std::vector<bool>& removed) : graph_(graph) {
    needs_.resize(graph.nodes.size());
    for (std::size_t v = 0; v < links.uses.size(); ++v)
      if (links.producer[v] != kNoNode)
        for (const Links::Use& use : links.uses[v]) needs_[at(use.node)].push_back(links.producer[v]);
    state_.assign(graph.nodes.size(), State::New);
    for (std::size_t n = 0; n < graph.nodes.size(); ++n)
      if (!removed[n]) visit(static_cast<NodeId>(n));
  }

  std::vector<NodeId> order;

 private:
  enum class State : std::uint8_t { New, Open, Done };

  void visit(NodeId root) {
    std::vector<NodeId> stack{root};
    while (!stack.empty()) {
      const NodeId node = stack.back();
      State& state = state_[at(node)];
      if (state == State::New) {
        state = State::Open;
        for (NodeId need : needs_[at(node)]) {
          if (state_[at(need)] == State::Open)
            throw Error(InputClass::Semantic, "nodes depend on each other in a cycle",
                        "node '" + graph_.node(need).name + "' (" + graph_.node(need).op_type + ")");
          if (state_[at(need)] == State::New) stack.push_back(need);
        }
        continue;
      }
      stack.pop_back();
      if (state == State::Open) {
        state = State::Done;
        order.push_back(node);
      }
    }
  }

  const Graph& graph_;
  std::vector<std::vector<NodeId>> needs_;
  std::vector<State> state_;
};

}  // namespace

void Rewriter::finish() {
  const std::vector<NodeId> order = TopologicalOrder(graph_, links_, removed_).order;

  std::vector<bool> kept(graph_.values.size(), false);
  for (std::size_t v = 0; v < kept.size(); ++v) kept[v] = !links_.uses[v].empty() || links_.producer[v] != kNoNode;
  for (ValueId id : graph_.inputs) kept[at(id)] = true;
  for (ValueId id : graph_.outputs) kept[at(id)] = true;

  std::vector<ValueId> renumbered(graph_.values.size(), kNoValue);
  std::vector<Value> values;
  for (std::size_t v = 0; v < kept.size(); ++v) {
    if (!kept[v]) continue;
    renumbered[v] = static_cast<ValueId>(values.size());
    values.push_back(std::move(graph_.values[v]));
  }
  const auto renumber = [&](std::vector<ValueId>& ids) {
    for (ValueId& id : ids)
      if (id != kNoValue) id = renumbered[at(id)];
  };
  std::vector<Node> nodes;
  for (NodeId id : order) {
    nodes.push_back(std::move(graph_.node(id)));
    renumber(nodes.back().inputs);
    renumber(nodes.back().outputs);
  }
  renumber(graph_.inputs);
  renumber(graph_.outputs);
  renumber(graph_.captured);
  std::erase(graph_.captured, kNoValue);
  graph_.values = std::move(values);
  graph_.nodes = std::move(nodes);
  index();
}

}  // namespace bw
