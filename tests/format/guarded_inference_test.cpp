// No operator's inference ends the program, whatever is not known of its inputs.
#include <onnx/defs/schema.h>

#include <catch2/catch_test_macros.hpp>

#include "badinput/sketch.h"
#include "base/error.h"
#include "format/onnx/onnx.h"

namespace bw {
namespace {

Attribute::Data standing_for(::onnx::AttributeProto::AttributeType type) {
  switch (type) {
    case ::onnx::AttributeProto::FLOAT:
      return 1.0f;
    case ::onnx::AttributeProto::INT:
      return std::int64_t{1};
    case ::onnx::AttributeProto::STRING:
      return std::string("a");
    case ::onnx::AttributeProto::FLOATS:
      return std::vector<float>{1};
    case ::onnx::AttributeProto::STRINGS:
      return std::vector<std::string>{"a"};
    default:
      return std::vector<std::int64_t>{1};
  }
}

bool is_plain(::onnx::AttributeProto::AttributeType type) {
  return type <= ::onnx::AttributeProto::STRING ||
         (type >= ::onnx::AttributeProto::FLOATS && type <= ::onnx::AttributeProto::STRINGS);
}

// A node of the operator with inputs of no known type, and either no attributes or all of one kind.
Graph untyped(const ::onnx::OpSchema& schema, bool with_attributes, bool all_inputs) {
  test::Sketch s(schema.domain().empty() ? schema.SinceVersion() : 21);
  std::vector<ValueId> inputs;
  const int count = std::min(all_inputs ? schema.max_input() : schema.min_input(), 8);
  for (int i = 0; i < count; ++i) inputs.push_back(s.value("i" + std::to_string(i)));
  std::vector<Attribute> attributes;
  for (const auto& [name, attribute] : schema.attributes())
    if (with_attributes && is_plain(attribute.type))
      attributes.push_back(test::attribute(name, standing_for(attribute.type)));
  const ValueId y = s.node(schema.Name(), inputs, std::move(attributes), "y", schema.domain());
  for (int i = 1; i < std::min(schema.max_output(), 8); ++i) s.another_output("y" + std::to_string(i));
  Graph graph = s.with_output(y, DType::Undefined);
  graph.value(y).type = {};
  graph.inputs = inputs;
  if (!schema.domain().empty()) graph.opsets[schema.domain()] = schema.SinceVersion();
  return graph;
}

}  // namespace

TEST_CASE("inference of every operator survives inputs of unknown types") {
  std::size_t count = 0;
  for (const ::onnx::OpSchema& schema : ::onnx::OpSchemaRegistry::get_all_schemas_with_history()) {
    if (schema.domain().empty() && schema.SinceVersion() < 7) continue;
    INFO(schema.domain() << " " << schema.Name() << " " << schema.SinceVersion());
    for (const bool attributes : {false, true})
      for (const bool all : {false, true}) {
        Graph graph = untyped(schema, attributes, all);
        CHECK_NOTHROW(onnx::infer_types(graph));
      }
    ++count;
  }
  CHECK(count > 400);
}

TEST_CASE("conversion of every operator survives inputs of unknown types") {
  std::size_t count = 0;
  for (const ::onnx::OpSchema& schema : ::onnx::OpSchemaRegistry::get_all_schemas_with_history()) {
    if (!schema.domain().empty() || schema.SinceVersion() > 12) continue;
    INFO(schema.Name() << " " << schema.SinceVersion());
    for (const bool attributes : {false, true})
      for (const bool all : {false, true}) {
        Graph graph = untyped(schema, attributes, all);
        graph.opsets[""] = std::max(schema.SinceVersion(), 7);
        try {
          onnx::convert_opset(graph, 13);
        } catch (const Error&) {  // refused in words, which is all that is wanted
        }
        ++count;
      }
  }
  CHECK(count > 600);
}

TEST_CASE("what is known of a node without its inputs' types is still inferred") {
  test::Sketch s(20);
  const ValueId x = s.value("x");
  const ValueId unknown = s.node("RegexFullMatch", {x}, {test::attribute("pattern", std::string("a"))}, "u");
  const ValueId y = s.node("Cast", {unknown}, {test::attribute("to", std::int64_t{1})}, "y");
  Graph graph = s.with_output(y, DType::Undefined);
  graph.value(y).type = {};
  graph.inputs = {x};
  onnx::infer_types(graph);
  CHECK(graph.value(y).type.dtype == DType::Float32);
}

}  // namespace bw
