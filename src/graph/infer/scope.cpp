#include "graph/infer/scope.h"

#include <algorithm>

#include "base/error.h"
#include "graph/infer.h"
#include "graph/ops/op.h"
#include "tensor/convert.h"

namespace bw {

namespace {

constexpr int kDeepest = 32;  // as verify() lets through

[[noreturn]] void contradict(const Value& value, const ValueType& found) {
  throw Error(InputClass::Semantic, "stated as " + to_string(value.type) + ", it would be " + to_string(found),
              "value '" + value.name.substr(0, 200) + "'");
}

// Fills in what is not known; false when two statements cannot both be true. A symbol that the graph states stays where
// only another symbol is found.
bool refine(ValueType& known, const ValueType& found) {
  if (found.kind == ValueType::Kind::Unknown) return true;
  if (known.kind == ValueType::Kind::Unknown) {
    known = found;
    return true;
  }
  if (known.kind != found.kind) return false;
  if (known.dtype == DType::Undefined) known.dtype = found.dtype;
  if (found.dtype != DType::Undefined && known.dtype != found.dtype) return false;
  if (known.element && found.element) {
    ValueType element = *known.element;
    if (!refine(element, *found.element)) return false;
    known.element = std::make_shared<const ValueType>(std::move(element));
  } else if (found.element) {
    known.element = found.element;
  }
  if (!found.shape) return true;
  if (!known.shape) known.shape = found.shape;
  if (known.shape->size() != found.shape->size()) return false;
  for (std::size_t i = 0; i < known.shape->size(); ++i) {
    Dim& dim = (*known.shape)[i];
    const Dim& other = (*found.shape)[i];
    if (dim.known() && other.known() && dim.value != other.value) return false;
    if (!dim.known() && (other.known() || dim.symbol.empty())) dim = other;
  }
  return true;
}

void refine(Value& value, const ValueType& found) {
  ValueType refined = value.type;
  if (!refine(refined, found)) contradict(value, found);
  value.type = std::move(refined);
}

// Attributes that a function's caller gives are known where it is called only.
bool has_references(const Node& node) {
  return std::any_of(node.attributes.begin(), node.attributes.end(), [](const Attribute& attribute) {
    return std::holds_alternative<Attribute::Reference>(attribute.data);
  });
}

std::optional<Contents> contents_of(const Tensor& tensor) {
  if (!tensor.defined() || tensor.rank() > 1 || tensor.size() > kLongestContents) return std::nullopt;
  if (tensor.dtype() != DType::Int64 && tensor.dtype() != DType::Int32) return std::nullopt;
  Contents contents{{}, tensor.rank() == 0};
  for (const std::int64_t number : to_int64s(tensor)) contents.elements.push_back({number, {}});
  return contents;
}

}  // namespace

Scope::Scope(const InferredModel& model, Graph& graph, Scope* outer)
    : model_(model), graph_(graph), outer_(outer), depth_(outer ? outer->depth_ + 1 : 0) {
  if (depth_ > kDeepest) throw Error(InputClass::Limit, "graphs are nested too deeply");
  is_input_.assign(graph.values.size(), false);
  for (const ValueId id : graph.inputs) is_input_[static_cast<std::size_t>(id)] = true;
}

void Scope::run() {
  take_captured();
  take_constants();
  for (Node& node : graph_.nodes) step(node);
}

void Scope::take_captured() {
  for (const ValueId id : graph_.captured) {
    Value& value = graph_.value(id);
    for (Scope* scope = outer_; scope; scope = scope->outer_) {
      const ValueId there = scope->find(value.name);
      if (there == kNoValue) continue;
      refine(value, scope->type(there));
      if (const Tensor content = scope->constant(there); content.defined())
        constants_.emplace(id, content);
      else if (auto contents = scope->contents(there))
        contents_.emplace(id, std::move(*contents));
      break;
    }
  }
}

// The caller may give another tensor for an input that has a default.
void Scope::take_constants() {
  for (std::size_t i = 0; i < graph_.values.size(); ++i) {
    Value& value = graph_.values[i];
    if (is_input_[i]) continue;
    if (value.initializer.defined())
      refine(value, ValueType::tensor(value.initializer.dtype(), value.initializer.shape()));
    else if (value.sparse_initializer)
      refine(value, ValueType::tensor(value.sparse_initializer->values.dtype(), value.sparse_initializer->shape));
  }
}

void Scope::step(Node& node) {
  if (model_.functions.contains(key_of(node)) || has_references(node)) return;
  const OpInfo* op = find_op(node);
  if (!op || !op->infer) return;
  const std::string place = "node '" + node.name.substr(0, 200) + "' (" + node.op_type.substr(0, 200) + ")";
  try {
    Inference at(node, *this);
    op->infer(at);
  } catch (const Error& error) {
    if (error.where().starts_with(place)) throw;
    throw error.within(place);
  }
}

Tensor Scope::constant(ValueId id) const {
  if (const auto found = constants_.find(id); found != constants_.end()) return found->second;
  const Tensor& tensor = graph_.value(id).initializer;
  return is_input_[static_cast<std::size_t>(id)] ? Tensor{} : tensor;
}

std::optional<Contents> Scope::contents(ValueId id) const {
  if (const auto found = contents_.find(id); found != contents_.end()) return found->second;
  return contents_of(constant(id));
}

// Neither ranks nor symbols grow from node to node without end: what is longer than any network has is left unknown.
void Scope::found(ValueId id, const ValueType& type) {
  constexpr std::size_t kHighestRank = 64, kLongestSymbol = 256;
  ValueType bounded = type;
  if (type.shape && type.shape->size() > kHighestRank)
    bounded.shape = std::nullopt;
  else if (bounded.shape)
    for (Dim& dim : *bounded.shape)
      if (dim.symbol.size() > kLongestSymbol) dim.symbol.clear();
  refine(graph_.value(id), bounded);
}

void Scope::keep(ValueId id, Contents contents) {
  if (contents.elements.size() <= kLongestContents) contents_.insert_or_assign(id, std::move(contents));
}

void Scope::keep(ValueId id, const Tensor& constant) {
  constants_.insert_or_assign(id, constant);
}

// What a graph states of its inputs is part of what it is: that stays.
std::vector<ValueType> Scope::infer_inside(Subgraph& body, const std::vector<ValueType>& inputs) {
  Graph copy = *body;
  for (std::size_t i = 0; i < std::min(inputs.size(), copy.inputs.size()); ++i)
    refine(copy.value(copy.inputs[i]), inputs[i]);
  Scope(model_, copy, this).run();
  std::vector<ValueType> outputs;
  for (const ValueId id : copy.outputs) outputs.push_back(copy.value(id).type);
  for (const ValueId id : copy.inputs) copy.value(id).type = body->value(id).type;
  body = std::make_shared<const Graph>(std::move(copy));
  return outputs;
}

ValueId Scope::find(std::string_view name) {
  if (by_name_.empty())
    for (std::size_t i = 0; i < graph_.values.size(); ++i)
      by_name_.emplace(graph_.values[i].name, static_cast<ValueId>(i));
  const auto at = by_name_.find(name);
  return at == by_name_.end() ? kNoValue : at->second;
}

void infer(Graph& graph) {
  const InferredModel model{graph, functions_of(graph)};
  Scope(model, graph, nullptr).run();
}

}  // namespace bw
