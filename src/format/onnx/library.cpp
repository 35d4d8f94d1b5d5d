// What the onnx C++ library does for us: types of values, its checker, conversion between opsets.
#include <fmt/format.h>
#include <onnx/checker.h>
#include <onnx/inliner/inliner.h>
#include <onnx/shape_inference/implementation.h>
#include <onnx/version_converter/convert.h>

#include <algorithm>

#include "base/error.h"
#include "format/onnx/guarded_inference.h"
#include "format/onnx/proto.h"
#include "graph/links.h"

namespace bw::onnx {
namespace {

// Larger tensors are shown to the library as inputs: no operator's type depends on the content of so large a constant.
constexpr std::int64_t kLargestShown = 4096;

using Types = std::map<std::string, ValueType>;

// Symbols that the library made up name nothing that the model's author knows.
ValueType without_made_up_symbols(ValueType type) {
  if (type.shape)
    for (Dim& dim : *type.shape)
      if (dim.symbol.starts_with("unk__")) dim.symbol.clear();
  if (type.element) type.element = std::make_shared<const ValueType>(without_made_up_symbols(*type.element));
  return type;
}

Types types_in(const pb::GraphProto& proto) {
  Types types;
  const auto add = [&](const auto& infos) {
    for (const auto& info : infos) {
      if (!info.has_type()) continue;
      try {
        types.emplace(info.name(), without_made_up_symbols(type_from(info.type())));
      } catch (const Error&) {
        continue;  // a type that a Graph cannot hold stays unknown
      }
    }
  };
  add(proto.output());
  add(proto.value_info());
  return types;
}

// What was known stays; what was unknown is filled in.
void refine(ValueType& known, const ValueType& found) {
  if (known.kind == ValueType::Kind::Unknown) {
    known = found;
    return;
  }
  if (known.kind != found.kind) return;
  if (known.dtype == DType::Undefined) known.dtype = found.dtype;
  if (!known.element) known.element = found.element;
  if (!known.shape) known.shape = found.shape;
  if (!known.shape || !found.shape || known.shape->size() != found.shape->size()) return;
  for (std::size_t i = 0; i < known.shape->size(); ++i) {
    Dim& dim = (*known.shape)[i];
    const Dim& other = (*found.shape)[i];
    if (!dim.known() && (other.known() || dim.symbol.empty())) dim = other;
  }
}

// Types found for `proto`, which was made from `graph`: nodes and attributes stand in the same order.
void apply(const pb::GraphProto& proto, Graph& graph, const Types& outer) {
  Types types = types_in(proto);
  for (const ValueId id : graph.captured)
    if (const auto found = outer.find(graph.value(id).name); found != outer.end()) types.insert(*found);
  for (Value& value : graph.values)
    if (const auto found = types.find(value.name); found != types.end()) refine(value.type, found->second);

  Types visible = outer;
  bool has_subgraphs = false;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    std::vector<const pb::GraphProto*> inner;
    for (const auto& attribute : proto.node(static_cast<int>(n)).attribute()) {
      if (attribute.has_g()) inner.push_back(&attribute.g());
      for (const auto& one : attribute.graphs()) inner.push_back(&one);
    }
    if (inner.empty()) continue;
    if (!has_subgraphs)
      for (const Value& value : graph.values) visible.insert_or_assign(value.name, value.type);
    has_subgraphs = true;
    std::size_t next = 0;
    for_each_subgraph(graph.nodes[n], [&](Subgraph& subgraph) {
      Graph copy = *subgraph;
      apply(*inner[next++], copy, visible);
      subgraph = std::make_shared<const Graph>(std::move(copy));
    });
  }
}

// The library's own limits and failures are errors of many types; what they say is all there is to tell.
template <class Body>
void call_library(InputClass input_class, const Body& body) {
  std::string said;
  try {
    return body();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    said = error.what();
  }
  std::replace(said.begin(), said.end(), '\n', ' ');
  throw Error(input_class, "the onnx library says: " + said.substr(0, 1000));
}

// What the library's converter leaves out or changes of a model's own description.
void restore_description(const Graph& from, Graph& to) {
  to.name = from.name;
  to.doc = from.doc;
  to.metadata = from.metadata;
  to.producer_name = from.producer_name;
  to.producer_version = from.producer_version;
  to.domain = from.domain;
  to.model_version = from.model_version;
  to.model_doc = from.model_doc;
  to.model_metadata = from.model_metadata;
}

void restore_large_initializers(const Graph& from, Graph& to) {
  std::map<std::string_view, const Value*> large;
  for (const Value& value : from.values)
    if (value.initializer.size() > static_cast<std::size_t>(kLargestShown)) large.emplace(value.name, &value);
  for (Value& value : to.values)
    if (const auto found = large.find(value.name); found != large.end()) {
      value.initializer = found->second->initializer;
      value.type = found->second->type;
    }
  std::erase_if(to.inputs, [&](ValueId id) {
    const auto found = large.find(to.value(id).name);
    return found != large.end() && from.is_constant(from.find(found->first));
  });
}

}  // namespace

void infer_types(Graph& graph) {
  pb::ModelProto proto = model_to(graph, {.externalise = nullptr, .inputs_above = kLargestShown});
  guard_inference();
  try {
    pb::shape_inference::InferShapes(proto, pb::OpSchemaRegistry::Instance(),
                                     pb::ShapeInferenceOptions(false, 0, true));
  } catch (const std::exception&) {
    // What was found until then is in the proto.
  }
  apply(proto.graph(), graph, {});
}

void check(const Graph& graph) {
  const pb::ModelProto proto = model_to(graph, {.externalise = nullptr, .inputs_above = kLargestShown});
  guard_inference();
  call_library(InputClass::Semantic, [&] { pb::checker::check_model(proto); });
}

namespace {

// What the library makes of a model that it was given without its large tensors.
Graph changed_by_library(const Graph& graph, const std::function<pb::ModelProto(pb::ModelProto)>& change) {
  Graph out;
  guard_inference();
  call_library(InputClass::Unsupported, [&] {
    pb::ModelProto changed = change(model_to(graph, {.externalise = nullptr, .inputs_above = kLargestShown}));
    const GraphLimits limits;
    TensorReader tensors({}, limits);
    out = graph_from(std::move(changed), tensors, limits);
  });
  restore_description(graph, out);
  restore_large_initializers(graph, out);
  return out;
}

}  // namespace

Graph inline_functions(const Graph& graph) {
  if (graph.functions.empty()) return graph;
  Graph out = changed_by_library(graph, [](pb::ModelProto model) {
    pb::inliner::InlineLocalFunctions(model, true);
    return model;
  });
  verify(out);
  check_schemas(out);
  return out;
}

Graph convert_opset(const Graph& graph, std::int64_t opset) {
  if (graph.opset() == opset) return graph;
  const auto newest = pb::OpSchemaRegistry::DomainToVersionRange::Instance().Map().at("").second;
  if (opset < 7 || opset > newest)
    throw Error(InputClass::Unsupported, fmt::format("opset {} is not one of 7 to {}", opset, newest));
  if (!graph.functions.empty())
    throw Error(InputClass::Unsupported, "a model with local functions cannot be converted to another opset");
  // The library takes the number of inputs of a node on trust.
  check_schemas(graph);
  Graph out = changed_by_library(graph, [&](const pb::ModelProto& model) {
    return pb::version_conversion::ConvertVersion(model, static_cast<int>(opset));
  });
  if (opset >= 21) out.ir_version = std::max<std::int64_t>(out.ir_version, 10);  // its types came with IR 10
  verify(out);
  check_schemas(out);
  return out;
}

}  // namespace bw::onnx
