#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "format/onnx/proto.h"

namespace bw::onnx {
namespace {

using Metadata = std::vector<std::pair<std::string, std::string>>;

template <class Entries>
Metadata metadata_from(const Entries& entries) {
  Metadata metadata;
  for (const auto& entry : entries) metadata.emplace_back(entry.key(), entry.value());
  return metadata;
}

// "ai.onnx" is the long form of the default domain.
std::string domain_from(const std::string& domain) {
  return domain == "ai.onnx" ? std::string() : domain;
}

// What happened on the way in that the user should know, once per kind.
struct Findings {
  std::uint64_t unordered_graphs = 0, renamed_nodes = 0, renamed_values = 0, hints = 0;
  std::string first_renamed_node, first_renamed_value;

  void tell(const std::function<void(std::string)>& note) const {
    if (unordered_graphs) note(fmt::format("nodes of {} graph(s) were out of order and were sorted", unordered_graphs));
    if (renamed_nodes)
      note(fmt::format("{} node(s) had a name of another node and were renamed, '{}' first", renamed_nodes,
                       first_renamed_node));
    if (renamed_values)
      note(fmt::format("{} value(s) in subgraphs had a name of an outer value and were renamed, '{}' first",
                       renamed_values, first_renamed_value));
    if (hints) note("training, device placement and quantization annotations of the model are left out");
  }
};

// A name that `taken` says is free: the hint itself or the hint and a number.
template <class Taken>
std::string free_name(const std::string& hint, const Taken& taken) {
  if (!taken(hint)) return hint;
  for (std::uint64_t i = 1;; ++i)
    if (std::string name = fmt::format("{}_{}", hint, i); !taken(name)) return name;
}

// Names of nodes are unique in the whole model, so that plans and reports can address each.
class NodeNames {
 public:
  // Names that stand in the file are never given to another node.
  template <class Nodes>
  void reserve(const Nodes& nodes) {
    for (const pb::NodeProto& node : nodes) {
      in_file_.insert(node.name());
      for (const auto& attribute : node.attribute()) {
        if (attribute.has_g()) reserve(attribute.g().node());
        for (const auto& graph : attribute.graphs()) reserve(graph.node());
      }
    }
  }

  std::string unique(const std::string& wanted, const std::string& op_type, Findings& findings) {
    if (!wanted.empty() && given_.insert(wanted).second) return wanted;
    const std::string& hint = wanted.empty() ? op_type : wanted;
    // The counter goes on where the last search for this hint ended, so that a million equal names stay linear.
    std::uint64_t& next = next_[hint];
    std::string name;
    do name = fmt::format("{}_{}", hint, next++);
    while (in_file_.contains(name) || !given_.insert(name).second);
    if (!wanted.empty() && findings.renamed_nodes++ == 0) findings.first_renamed_node = wanted;
    return name;
  }

 private:
  std::unordered_set<std::string> in_file_, given_;
  std::unordered_map<std::string, std::uint64_t> next_;
};

struct Scope {
  Scope* outer = nullptr;
  Graph* graph = nullptr;
  std::unordered_map<std::string, ValueId> by_name = {};  // by the name in the file
  std::unordered_set<std::string> names = {};             // of the values, after renaming

  bool uses_name(const std::string& name) const { return names.contains(name) || (outer && outer->uses_name(name)); }
  bool knows(const std::string& name) const { return by_name.contains(name) || (outer && outer->knows(name)); }
};

class Builder {
 public:
  Builder(TensorReader& tensors, const GraphLimits& limits) : tensors_(tensors), limits_(limits) {}

  Graph model(pb::ModelProto& proto);
  const Findings& findings() const { return findings_; }

 private:
  void graph(pb::GraphProto& proto, Graph& out, Scope* outer, int depth);
  void nodes(google::protobuf::RepeatedPtrField<pb::NodeProto>& protos, Scope& scope, int depth);
  Node node(pb::NodeProto& proto, Scope& scope, int depth);
  Attribute attribute(pb::AttributeProto& proto, Scope* scope, int depth);
  Subgraph subgraph(pb::GraphProto& proto, Scope* scope, int depth);
  Function function(pb::FunctionProto& proto);

  ValueId declare(const std::string& name, Scope& scope);
  ValueId resolve(const std::string& name, Scope& scope);
  void describe(const pb::ValueInfoProto& info, Value& value);
  void initializers(pb::GraphProto& proto, Scope& scope);

  TensorReader& tensors_;
  const GraphLimits& limits_;
  std::uint64_t nodes_ = 0, subgraphs_ = 0;
  NodeNames node_names_;
  Findings findings_;
};

std::map<std::string, std::int64_t> opsets_from(
    const google::protobuf::RepeatedPtrField<pb::OperatorSetIdProto>& protos) {
  std::map<std::string, std::int64_t> opsets;
  for (const auto& proto : protos) {
    const std::string domain = domain_from(proto.domain());
    const auto [at, added] = opsets.emplace(domain, proto.version());
    if (!added && at->second != proto.version())
      throw Error(InputClass::Format,
                  fmt::format("opset of domain '{}' is given as {} and as {}", domain, at->second, proto.version()));
  }
  return opsets;
}

Graph Builder::model(pb::ModelProto& proto) {
  if (!proto.has_graph()) throw Error(InputClass::Format, "the model has no graph");
  Graph out;
  out.ir_version = proto.ir_version();
  out.opsets = opsets_from(proto.opset_import());
  out.producer_name = proto.producer_name();
  out.producer_version = proto.producer_version();
  out.domain = proto.domain();
  out.model_version = proto.model_version();
  out.model_doc = proto.doc_string();
  out.model_metadata = metadata_from(proto.metadata_props());
  findings_.hints += static_cast<std::uint64_t>(proto.training_info_size() + proto.configuration_size());
  node_names_.reserve(proto.graph().node());
  for (const auto& fn : proto.functions()) node_names_.reserve(fn.node());
  graph(*proto.mutable_graph(), out, nullptr, 0);
  // Up to IR 3 every initializer had to be listed as an input and was a constant all the same; since IR 4 an
  // initializer that is also an input is a default that a caller may replace.
  if (out.ir_version < 4) {
    std::erase_if(out.inputs, [&](ValueId id) { return out.value(id).initializer.defined(); });
    out.ir_version = 4;
  }
  for (auto& fn : *proto.mutable_functions()) out.functions.push_back(function(fn));
  return out;
}

ValueId Builder::declare(const std::string& name, Scope& scope) {
  if (name.empty()) return kNoValue;
  if (const auto found = scope.by_name.find(name); found != scope.by_name.end()) return found->second;
  const auto id = static_cast<ValueId>(scope.graph->values.size());
  const bool shadows = scope.outer && scope.outer->uses_name(name);
  const std::string unique = free_name(name, [&](const std::string& n) { return scope.uses_name(n); });
  if (shadows && findings_.renamed_values++ == 0) findings_.first_renamed_value = name;
  scope.graph->values.emplace_back().name = unique;
  scope.names.insert(unique);
  scope.by_name.emplace(name, id);
  return id;
}

// A name that nothing declares becomes a value that nothing makes: verify() refuses it.
ValueId Builder::resolve(const std::string& name, Scope& scope) {
  if (name.empty()) return kNoValue;
  if (const auto found = scope.by_name.find(name); found != scope.by_name.end()) return found->second;
  if (!scope.outer || !scope.outer->knows(name)) return declare(name, scope);
  const ValueId outer = resolve(name, *scope.outer);
  const Value& source = scope.outer->graph->value(outer);
  const auto id = static_cast<ValueId>(scope.graph->values.size());
  Value& value = scope.graph->values.emplace_back();
  value.name = source.name;
  value.type = source.type;
  scope.graph->captured.push_back(id);
  scope.names.insert(source.name);
  scope.by_name.emplace(name, id);
  return id;
}

void Builder::describe(const pb::ValueInfoProto& info, Value& value) {
  if (info.has_type() && value.type.kind == ValueType::Kind::Unknown) {
    try {
      value.type = type_from(info.type());
    } catch (const Error& error) {
      throw error.within("value '" + info.name().substr(0, 200) + "'");
    }
  }
  if (value.doc.empty()) value.doc = info.doc_string();
  if (value.metadata.empty()) value.metadata = metadata_from(info.metadata_props());
}

void Builder::initializers(pb::GraphProto& proto, Scope& scope) {
  Graph& out = *scope.graph;
  const auto fresh = [&](const std::string& name) -> Value& {
    if (name.empty()) throw Error(InputClass::Format, "an initializer has no name");
    Value& value = out.value(declare(name, scope));
    if (value.initializer.defined() || value.sparse_initializer)
      throw Error(InputClass::Semantic, "initializer '" + name.substr(0, 200) + "' is there twice");
    return value;
  };
  for (auto& tensor : *proto.mutable_initializer()) {
    Value& value = fresh(tensor.name());
    value.initializer = tensors_.read(tensor);
    if (value.type.kind == ValueType::Kind::Unknown)
      value.type = ValueType::tensor(value.initializer.dtype(), value.initializer.shape());
    if (value.doc.empty()) value.doc = tensor.doc_string();
    if (value.metadata.empty()) value.metadata = metadata_from(tensor.metadata_props());
  }
  for (auto& sparse : *proto.mutable_sparse_initializer()) {
    Value& value = fresh(sparse.values().name());
    value.sparse_initializer = std::make_shared<const SparseTensor>(tensors_.read(sparse));
    if (value.type.kind == ValueType::Kind::Unknown)
      value.type = ValueType::tensor(value.sparse_initializer->values.dtype(), value.sparse_initializer->shape);
  }
}

void Builder::graph(pb::GraphProto& proto, Graph& out, Scope* outer, int depth) {
  if (depth > limits_.subgraph_depth)
    throw Error(InputClass::Limit, fmt::format("graphs nested more than {} deep", limits_.subgraph_depth));
  Scope scope{.outer = outer, .graph = &out};
  out.name = proto.name();
  out.doc = proto.doc_string();
  out.metadata = metadata_from(proto.metadata_props());
  findings_.hints += static_cast<std::uint64_t>(proto.quantization_annotation_size());
  for (const auto& info : proto.input()) {
    if (info.name().empty()) throw Error(InputClass::Format, "an input of a graph has no name");
    out.inputs.push_back(declare(info.name(), scope));
    describe(info, out.value(out.inputs.back()));
  }
  initializers(proto, scope);
  for (const auto& node : proto.node())
    for (const std::string& name : node.output()) declare(name, scope);
  for (const auto& info : proto.output()) {
    if (info.name().empty()) throw Error(InputClass::Format, "an output of a graph has no name");
    out.outputs.push_back(resolve(info.name(), scope));
    describe(info, out.value(out.outputs.back()));
  }
  for (const auto& info : proto.value_info())
    if (const auto found = scope.by_name.find(info.name()); found != scope.by_name.end())
      describe(info, out.value(found->second));
  nodes(*proto.mutable_node(), scope, depth);
}

void Builder::nodes(google::protobuf::RepeatedPtrField<pb::NodeProto>& protos, Scope& scope, int depth) {
  nodes_ += static_cast<std::uint64_t>(protos.size());
  if (nodes_ > limits_.nodes) throw Error(InputClass::Limit, fmt::format("more than {} nodes", limits_.nodes));
  for (auto& proto : protos) {
    try {
      scope.graph->nodes.push_back(node(proto, scope, depth));
    } catch (const Error& error) {
      throw error.within(fmt::format("node '{}' ({})", proto.name().substr(0, 200), proto.op_type().substr(0, 200)));
    }
  }
  if (sort_nodes(*scope.graph)) ++findings_.unordered_graphs;
}

Node Builder::node(pb::NodeProto& proto, Scope& scope, int depth) {
  Node out;
  out.op_type = proto.op_type();
  out.name = node_names_.unique(proto.name(), out.op_type, findings_);
  out.domain = domain_from(proto.domain());
  out.overload = proto.overload();
  out.doc = proto.doc_string();
  out.metadata = metadata_from(proto.metadata_props());
  findings_.hints += static_cast<std::uint64_t>(proto.device_configurations_size());
  for (const std::string& name : proto.input()) out.inputs.push_back(resolve(name, scope));
  for (const std::string& name : proto.output()) out.outputs.push_back(declare(name, scope));
  std::unordered_set<std::string_view> names;
  for (auto& attribute_proto : *proto.mutable_attribute()) {
    if (!names.insert(attribute_proto.name()).second)
      throw Error(InputClass::Format, "attribute '" + attribute_proto.name().substr(0, 200) + "' is there twice");
    out.attributes.push_back(attribute(attribute_proto, &scope, depth));
  }
  return out;
}

// Models of IR 1 leave the type out: then it is the one field that is set.
pb::AttributeProto::AttributeType type_of(const pb::AttributeProto& proto) {
  using P = pb::AttributeProto;
  if (proto.type() != P::UNDEFINED) return proto.type();
  const std::pair<bool, P::AttributeType> fields[] = {{proto.has_f(), P::FLOAT},
                                                      {proto.has_i(), P::INT},
                                                      {proto.has_s(), P::STRING},
                                                      {proto.has_t(), P::TENSOR},
                                                      {proto.has_g(), P::GRAPH},
                                                      {proto.floats_size() > 0, P::FLOATS},
                                                      {proto.ints_size() > 0, P::INTS},
                                                      {proto.strings_size() > 0, P::STRINGS},
                                                      {proto.tensors_size() > 0, P::TENSORS},
                                                      {proto.graphs_size() > 0, P::GRAPHS}};
  for (const auto& [set, type] : fields)
    if (set) return type;
  throw Error(InputClass::Format, "attribute '" + proto.name().substr(0, 200) + "' has no type and no value");
}

template <class Out, class Protos, class Read>
std::vector<Out> each(Protos& protos, const Read& read) {
  std::vector<Out> out;
  for (auto& proto : protos) out.push_back(read(proto));
  return out;
}

Attribute Builder::attribute(pb::AttributeProto& proto, Scope* scope, int depth) {
  using P = pb::AttributeProto;
  Attribute out{.name = proto.name(), .data = {}, .doc = proto.doc_string()};
  if (out.name.empty()) throw Error(InputClass::Format, "an attribute has no name");
  if (!proto.ref_attr_name().empty()) {
    out.data = Attribute::Reference{proto.ref_attr_name(), static_cast<std::int32_t>(proto.type())};
    return out;
  }
  const auto tensor = [&](auto& t) { return tensors_.read(t); };
  const auto graph = [&](pb::GraphProto& g) { return subgraph(g, scope, depth + 1); };
  const auto type = [&](const pb::TypeProto& t) { return type_from(t); };
  switch (type_of(proto)) {
    case P::FLOAT:
      out.data = proto.f();
      break;
    case P::INT:
      out.data = std::int64_t{proto.i()};
      break;
    case P::STRING:
      out.data = proto.s();
      break;
    case P::TENSOR:
      out.data = tensors_.read(*proto.mutable_t());
      break;
    case P::GRAPH:
      out.data = graph(*proto.mutable_g());
      break;
    case P::SPARSE_TENSOR:
      out.data = tensors_.read(*proto.mutable_sparse_tensor());
      break;
    case P::TYPE_PROTO:
      out.data = type(proto.tp());
      break;
    case P::FLOATS:
      out.data = std::vector<float>(proto.floats().begin(), proto.floats().end());
      break;
    case P::INTS:
      out.data = std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end());
      break;
    case P::STRINGS:
      out.data = std::vector<std::string>(proto.strings().begin(), proto.strings().end());
      break;
    case P::TENSORS:
      out.data = each<Tensor>(*proto.mutable_tensors(), tensor);
      break;
    case P::GRAPHS:
      out.data = each<Subgraph>(*proto.mutable_graphs(), graph);
      break;
    case P::SPARSE_TENSORS:
      out.data = each<SparseTensor>(*proto.mutable_sparse_tensors(), tensor);
      break;
    case P::TYPE_PROTOS:
      out.data = each<ValueType>(*proto.mutable_type_protos(), type);
      break;
    case P::UNDEFINED:
      break;  // type_of() never gives it
  }
  return out;
}

Subgraph Builder::subgraph(pb::GraphProto& proto, Scope* scope, int depth) {
  if (++subgraphs_ > limits_.subgraphs)
    throw Error(InputClass::Limit, fmt::format("more than {} graphs inside nodes", limits_.subgraphs));
  auto out = std::make_shared<Graph>();
  graph(proto, *out, scope, depth);
  return out;
}

Function Builder::function(pb::FunctionProto& proto) {
  Function out;
  out.domain = domain_from(proto.domain());
  out.name = proto.name();
  out.overload = proto.overload();
  try {
    out.attributes = {proto.attribute().begin(), proto.attribute().end()};
    for (auto& attribute_proto : *proto.mutable_attribute_proto())
      out.attribute_defaults.push_back(attribute(attribute_proto, nullptr, 0));
    Graph& body = out.body;
    body.name = proto.name();
    body.doc = proto.doc_string();
    body.metadata = metadata_from(proto.metadata_props());
    body.opsets = opsets_from(proto.opset_import());
    Scope scope{.graph = &body};
    for (const std::string& name : proto.input()) body.inputs.push_back(declare(name, scope));
    for (const auto& node : proto.node())
      for (const std::string& name : node.output()) declare(name, scope);
    for (const std::string& name : proto.output()) body.outputs.push_back(resolve(name, scope));
    for (const auto& info : proto.value_info())
      if (const auto found = scope.by_name.find(info.name()); found != scope.by_name.end())
        describe(info, body.value(found->second));
    nodes(*proto.mutable_node(), scope, 0);
  } catch (const Error& error) {
    throw error.within("function '" + out.name.substr(0, 200) + "'");
  }
  return out;
}

}  // namespace

Graph graph_from(pb::ModelProto proto, TensorReader& tensors, const GraphLimits& limits,
                 const std::function<void(std::string)>& note) {
  Builder builder(tensors, limits);
  Graph graph = builder.model(proto);
  if (note) builder.findings().tell(note);
  return graph;
}

}  // namespace bw::onnx
