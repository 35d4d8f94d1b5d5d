#include <utility>

#include "base/error.h"
#include "format/onnx/proto.h"

namespace bw::onnx {
namespace {

using Metadata = std::vector<std::pair<std::string, std::string>>;

template <class Entries>
void metadata_to(const Metadata& metadata, Entries& entries) {
  for (const auto& [key, value] : metadata) {
    auto* entry = entries.Add();
    entry->set_key(key);
    entry->set_value(value);
  }
}

class Writer {
 public:
  explicit Writer(const ToProto& options) : options_(options) {}

  pb::ModelProto model(const Graph& graph);

 private:
  void graph(const Graph& graph, pb::GraphProto& out);
  void initializer(const Value& value, bool is_input, pb::GraphProto& out);
  void nodes(const Graph& graph, google::protobuf::RepeatedPtrField<pb::NodeProto>& out);
  void attribute(const Attribute& attribute, pb::AttributeProto& out);
  void function(const Function& function, pb::FunctionProto& out);
  bool becomes_input(const Value& value) const {
    return options_.inputs_above >= 0 && value.initializer.defined() &&
           value.initializer.size() > static_cast<std::uint64_t>(options_.inputs_above);
  }

  const ToProto& options_;
};

void value_info_to(const Value& value, pb::ValueInfoProto& out) {
  out.set_name(value.name);
  if (value.type.kind != ValueType::Kind::Unknown) type_to(value.type, *out.mutable_type());
  if (!value.doc.empty()) out.set_doc_string(value.doc);
  metadata_to(value.metadata, *out.mutable_metadata_props());
}

template <class Protos>
void opsets_to(const std::map<std::string, std::int64_t>& opsets, Protos& out) {
  for (const auto& [domain, version] : opsets) {
    auto* entry = out.Add();
    entry->set_domain(domain);
    entry->set_version(version);
  }
}

pb::ModelProto Writer::model(const Graph& from) {
  pb::ModelProto out;
  out.set_ir_version(from.ir_version);
  opsets_to(from.opsets, *out.mutable_opset_import());
  if (!from.producer_name.empty()) out.set_producer_name(from.producer_name);
  if (!from.producer_version.empty()) out.set_producer_version(from.producer_version);
  if (!from.domain.empty()) out.set_domain(from.domain);
  if (from.model_version != 0) out.set_model_version(from.model_version);
  if (!from.model_doc.empty()) out.set_doc_string(from.model_doc);
  metadata_to(from.model_metadata, *out.mutable_metadata_props());
  graph(from, *out.mutable_graph());
  for (const Function& fn : from.functions) function(fn, *out.add_functions());
  return out;
}

void Writer::initializer(const Value& value, bool is_input, pb::GraphProto& out) {
  if (becomes_input(value)) {
    if (is_input) return;
    auto* info = out.add_input();
    info->set_name(value.name);
    type_to(ValueType::tensor(value.initializer.dtype(), value.initializer.shape()), *info->mutable_type());
  } else if (value.initializer.defined()) {
    auto* tensor = out.add_initializer();
    tensor->set_name(value.name);
    tensor_to(value.initializer, *tensor, options_.externalise);
    if (!value.doc.empty()) tensor->set_doc_string(value.doc);
    metadata_to(value.metadata, *tensor->mutable_metadata_props());
  } else if (value.sparse_initializer) {
    auto* sparse = out.add_sparse_initializer();
    sparse_to(*value.sparse_initializer, *sparse);
    sparse->mutable_values()->set_name(value.name);
  }
}

void Writer::graph(const Graph& from, pb::GraphProto& out) {
  // Values whose type stands elsewhere: inputs, outputs and constants; captured ones belong to an outer graph.
  std::vector<bool> told(from.values.size(), false);
  const auto tell = [&](ValueId id) { told[static_cast<std::size_t>(id)] = true; };
  out.set_name(from.name);
  if (!from.doc.empty()) out.set_doc_string(from.doc);
  metadata_to(from.metadata, *out.mutable_metadata_props());
  for (const ValueId id : from.inputs) {
    tell(id);
    value_info_to(from.value(id), *out.add_input());
  }
  for (std::size_t i = 0; i < from.values.size(); ++i) initializer(from.values[i], told[i], out);
  for (const ValueId id : from.outputs) {
    tell(id);
    value_info_to(from.value(id), *out.add_output());
  }
  for (const ValueId id : from.captured) tell(id);
  for (std::size_t i = 0; i < from.values.size(); ++i) {
    const Value& value = from.values[i];
    const bool constant = value.initializer.defined() || value.sparse_initializer;
    const bool says_something =
        value.type.kind != ValueType::Kind::Unknown || !value.doc.empty() || !value.metadata.empty();
    if (!told[i] && !constant && says_something) value_info_to(value, *out.add_value_info());
  }
  nodes(from, *out.mutable_node());
}

void Writer::nodes(const Graph& from, google::protobuf::RepeatedPtrField<pb::NodeProto>& out) {
  const auto name_of_value = [&](ValueId id) { return id == kNoValue ? std::string() : from.value(id).name; };
  for (const Node& node : from.nodes) {
    pb::NodeProto& proto = *out.Add();
    for (const ValueId id : node.inputs) proto.add_input(name_of_value(id));
    for (const ValueId id : node.outputs) proto.add_output(name_of_value(id));
    if (!node.name.empty()) proto.set_name(node.name);
    proto.set_op_type(node.op_type);
    if (!node.domain.empty()) proto.set_domain(node.domain);
    if (!node.overload.empty()) proto.set_overload(node.overload);
    if (!node.doc.empty()) proto.set_doc_string(node.doc);
    metadata_to(node.metadata, *proto.mutable_metadata_props());
    for (const Attribute& a : node.attributes) attribute(a, *proto.add_attribute());
  }
}

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

void Writer::attribute(const Attribute& from, pb::AttributeProto& out) {
  using P = pb::AttributeProto;
  out.set_name(from.name);
  if (!from.doc.empty()) out.set_doc_string(from.doc);
  const auto as = [&](P::AttributeType type) -> P& {
    out.set_type(type);
    return out;
  };
  std::visit(
      Overloaded{
          [&](std::int64_t i) { as(P::INT).set_i(i); },
          [&](float f) { as(P::FLOAT).set_f(f); },
          [&](const std::string& s) { as(P::STRING).set_s(s); },
          [&](const Tensor& t) { tensor_to(t, *as(P::TENSOR).mutable_t()); },
          [&](const Subgraph& g) { graph(*g, *as(P::GRAPH).mutable_g()); },
          [&](const ValueType& t) { type_to(t, *as(P::TYPE_PROTO).mutable_tp()); },
          [&](const SparseTensor& s) { sparse_to(s, *as(P::SPARSE_TENSOR).mutable_sparse_tensor()); },
          [&](const std::vector<std::int64_t>& all) { as(P::INTS).mutable_ints()->Add(all.begin(), all.end()); },
          [&](const std::vector<float>& all) { as(P::FLOATS).mutable_floats()->Add(all.begin(), all.end()); },
          [&](const std::vector<std::string>& all) { as(P::STRINGS).mutable_strings()->Add(all.begin(), all.end()); },
          [&](const std::vector<Tensor>& all) {
            as(P::TENSORS);
            for (const Tensor& t : all) tensor_to(t, *out.add_tensors());
          },
          [&](const std::vector<Subgraph>& all) {
            as(P::GRAPHS);
            for (const Subgraph& g : all) graph(*g, *out.add_graphs());
          },
          [&](const std::vector<ValueType>& all) {
            as(P::TYPE_PROTOS);
            for (const ValueType& t : all) type_to(t, *out.add_type_protos());
          },
          [&](const std::vector<SparseTensor>& all) {
            as(P::SPARSE_TENSORS);
            for (const SparseTensor& s : all) sparse_to(s, *out.add_sparse_tensors());
          },
          [&](const Attribute::Reference& reference) {
            as(static_cast<P::AttributeType>(reference.onnx_type)).set_ref_attr_name(reference.name);
          },
      },
      from.data);
}

void Writer::function(const Function& from, pb::FunctionProto& out) {
  const Graph& body = from.body;
  out.set_name(from.name);
  out.set_domain(from.domain);
  if (!from.overload.empty()) out.set_overload(from.overload);
  if (!body.doc.empty()) out.set_doc_string(body.doc);
  metadata_to(body.metadata, *out.mutable_metadata_props());
  opsets_to(body.opsets, *out.mutable_opset_import());
  for (const ValueId id : body.inputs) out.add_input(body.value(id).name);
  for (const ValueId id : body.outputs) out.add_output(body.value(id).name);
  for (const std::string& name : from.attributes) out.add_attribute(name);
  for (const Attribute& a : from.attribute_defaults) attribute(a, *out.add_attribute_proto());
  for (const Value& value : body.values)
    if (value.type.kind != ValueType::Kind::Unknown) value_info_to(value, *out.add_value_info());
  nodes(body, *out.mutable_node());
}

}  // namespace

pb::ModelProto model_to(const Graph& graph, const ToProto& options) {
  return Writer(options).model(graph);
}

}  // namespace bw::onnx
