#include <fmt/format.h>
#include <onnx/defs/schema.h>

#include <algorithm>
#include <limits>
#include <map>

#include "base/error.h"
#include "format/onnx/proto.h"
#include "graph/links.h"
#include "graph/ops/op.h"

namespace bw::onnx {
namespace {

using Type = pb::AttributeProto::AttributeType;

constexpr std::int64_t kOldestOpset = 7;

std::string in_domain(std::string_view domain) {
  return domain.empty() ? "the default domain" : "domain '" + std::string(domain) + "'";
}

std::pair<int, int> versions_of(const std::string& domain) {
  const auto& known = pb::OpSchemaRegistry::DomainToVersionRange::Instance().Map();
  const auto found = known.find(domain);
  return found == known.end()
             ? std::pair(0, 0)
             : std::pair(domain.empty() ? int{kOldestOpset} : found->second.first, found->second.second);
}

void check_opsets(const Graph& graph) {
  for (const auto& [domain, version] : graph.opsets) {
    const auto [oldest, newest] = versions_of(domain);
    if (newest != 0 && (version < oldest || version > newest))
      throw Error(
          InputClass::Unsupported,
          fmt::format("opset {} of {} is not one of {} to {}", version, in_domain(domain), oldest, newest), {},
          version > 0 && version < oldest ? "Convert the model to a newer opset with the exporter that made it" : "");
  }
}

// Operators that ONNX Runtime has beside ONNX's own: verify() has counted their inputs and outputs by their rows.
bool is_of_runtime(const Node& node) {
  const OpInfo* op = find_op(node);
  return op != nullptr && (node.domain == "com.microsoft" || op->in_any_opset);
}

Type type_of(const Attribute& attribute) {
  // In the order of Attribute::Data.
  using P = pb::AttributeProto;
  constexpr Type kTypes[] = {P::INT,  P::FLOAT,  P::STRING,  P::TENSOR,  P::GRAPH,  P::TYPE_PROTO,  P::SPARSE_TENSOR,
                             P::INTS, P::FLOATS, P::STRINGS, P::TENSORS, P::GRAPHS, P::TYPE_PROTOS, P::SPARSE_TENSORS};
  if (const auto* reference = std::get_if<Attribute::Reference>(&attribute.data))
    return static_cast<Type>(reference->onnx_type);
  return kTypes[attribute.data.index()];
}

class NodeCheck {
 public:
  NodeCheck(const Graph& model) {
    for (const Function& function : model.functions) functions_[key_of(function)] = &function;
  }

  void run(const Graph& graph, const std::map<std::string, std::int64_t>& opsets) const {
    for (const Node& node : graph.nodes) {
      try {
        check(node, opsets);
      } catch (const Error& error) {
        throw error.within(fmt::format("node '{}' ({})", node.name.substr(0, 200), node.op_type.substr(0, 200)));
      }
      for_each_subgraph(node, [&](const Subgraph& inner) { run(*inner, opsets); });
    }
  }

 private:
  void check(const Node& node, const std::map<std::string, std::int64_t>& opsets) const {
    if (const auto found = functions_.find(key_of(node)); found != functions_.end()) {
      const Graph& body = found->second->body;
      count("inputs", node.inputs.size(), 0, static_cast<int>(body.inputs.size()));
      return count("outputs", node.outputs.size(), 0, static_cast<int>(body.outputs.size()));
    }
    const auto imported = opsets.find(node.domain);
    if (imported == opsets.end())
      throw Error(InputClass::Unsupported, fmt::format("the model does not import {}", in_domain(node.domain)));
    const auto version = static_cast<int>(imported->second);
    const pb::OpSchema* schema = pb::OpSchemaRegistry::Schema(node.op_type, version, node.domain);
    if (schema && !schema->Deprecated()) return check(node, *schema);
    if (!is_of_runtime(node))
      throw Error(InputClass::Unsupported,
                  fmt::format("{} has no such operator{}", in_domain(node.domain),
                              versions_of(node.domain).second ? fmt::format(" at opset {}", version) : ""));
  }

  void check(const Node& node, const pb::OpSchema& schema) const {
    count("inputs", node.inputs.size(), schema.min_input(), schema.max_input());
    count("outputs", node.outputs.size(), schema.min_output(), schema.max_output());
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const auto& formal = schema.inputs()[std::min(i, schema.inputs().size() - 1)];
      // Exporters leave out roi and scales of Resize 11, which takes them as required and does not need them.
      if (node.inputs[i] == kNoValue && formal.GetOption() == pb::OpSchema::Single && !node.is("Resize"))
        throw Error(InputClass::Semantic, fmt::format("the required input {} ('{}') is left out", i, formal.GetName()));
    }
    for (const Attribute& attribute : node.attributes) {
      const auto known = schema.attributes().find(attribute.name);
      if (known == schema.attributes().end()) {
        throw Error(InputClass::Semantic, "the operator has no attribute '" + attribute.name.substr(0, 200) + "'");
      }
      if (type_of(attribute) != known->second.type)
        throw Error(InputClass::Semantic, fmt::format("attribute '{}' is of type {}, must be {}", attribute.name,
                                                      pb::AttributeProto::AttributeType_Name(type_of(attribute)),
                                                      pb::AttributeProto::AttributeType_Name(known->second.type)));
    }
    for (const auto& [name, known] : schema.attributes())
      if (known.required && !node.find(name)) throw Error(InputClass::Semantic, "attribute '" + name + "' is missing");
  }

  static void count(std::string_view what, std::size_t have, int least, int most) {
    if (have >= static_cast<std::size_t>(least) && (most < 0 || have <= static_cast<std::size_t>(most))) return;
    throw Error(InputClass::Semantic, most == std::numeric_limits<int>::max() || most < 0
                                          ? fmt::format("{} {}, at least {} wanted", have, what, least)
                                          : fmt::format("{} {}, {} to {} wanted", have, what, least, most));
  }

  std::map<FunctionKey, const Function*> functions_;
};

}  // namespace

void check_schemas(const Graph& graph) {
  check_opsets(graph);
  const NodeCheck nodes(graph);
  for (const Function& function : graph.functions) {
    try {
      check_opsets(function.body);
      nodes.run(function.body, function.body.opsets);
    } catch (const Error& error) {
      throw error.within("function '" + function.name.substr(0, 200) + "'");
    }
  }
  nodes.run(graph, graph.opsets);
}

}  // namespace bw::onnx
