// The operator table against the onnx library's schemas: what a row says is what holds over all opsets that are read.
#include <catch2/catch_test_macros.hpp>

#include <onnx/defs/schema.h>

#include <limits>
#include <map>

#include "graph/ops/op.h"

namespace bw {
namespace {

namespace pb = ::onnx;

constexpr int kOldest = 7;

// The versions of an operator that an opset from kOldest on can mean, oldest first.
std::vector<pb::OpSchema> versions(std::string_view name, std::string_view domain) {
  std::map<int, pb::OpSchema> all;
  for (const pb::OpSchema& schema : pb::OpSchemaRegistry::get_all_schemas_with_history())
    if (schema.Name() == name && schema.domain() == domain && !schema.Deprecated())
      all.emplace(schema.SinceVersion(), schema);
  std::vector<pb::OpSchema> result;
  for (const auto& [since, schema] : all) {
    const auto next = all.upper_bound(since);
    if (!domain.empty() || next == all.end() || next->first > kOldest) result.push_back(schema);
  }
  return result;
}

AttributeInfo::Default default_of(const pb::AttributeProto& value) {
  if (value.type() == pb::AttributeProto::INT) return std::int64_t{value.i()};
  if (value.type() == pb::AttributeProto::FLOAT) return value.f();
  if (value.type() == pb::AttributeProto::STRING) return std::string_view(value.s());
  return {};
}

// In the order of AttributeType.
constexpr pb::AttributeProto::AttributeType kTypes[] = {
    pb::AttributeProto::INT,           pb::AttributeProto::FLOAT,         pb::AttributeProto::STRING,
    pb::AttributeProto::TENSOR,        pb::AttributeProto::GRAPH,         pb::AttributeProto::TYPE_PROTO,
    pb::AttributeProto::SPARSE_TENSOR, pb::AttributeProto::INTS,          pb::AttributeProto::FLOATS,
    pb::AttributeProto::STRINGS,       pb::AttributeProto::TENSORS,       pb::AttributeProto::GRAPHS,
    pb::AttributeProto::TYPE_PROTOS,   pb::AttributeProto::SPARSE_TENSORS};

void check_attributes(const OpInfo& op, const std::vector<pb::OpSchema>& schemas) {
  std::map<std::string, bool> always_required;
  for (const pb::OpSchema& schema : schemas)
    for (const auto& [name, attribute] : schema.attributes()) {
      CAPTURE(name, schema.SinceVersion());
      const AttributeInfo* row = op.attributes.find(name);
      REQUIRE(row != nullptr);
      CHECK(kTypes[static_cast<std::size_t>(row->type)] == attribute.type);
      CHECK(row->default_at(schema.SinceVersion()) == default_of(attribute.default_value));
      always_required.emplace(name, true);
    }
  for (auto& [name, required] : always_required) {
    CAPTURE(name);
    for (const pb::OpSchema& schema : schemas) {
      const auto found = schema.attributes().find(name);
      required = required && found != schema.attributes().end() && found->second.required;
    }
    CHECK(op.attributes.find(name)->is_required == required);
  }
  for (const AttributeInfo& row : op.attributes) {
    CAPTURE(row.name);
    CHECK(always_required.contains(std::string(row.name)));
  }
}

int most(int schemas) {
  return schemas > 1000 ? -1 : schemas;
}

TEST_CASE("rows have the arity and attributes of the onnx library's schemas", "[table]") {
  int compared = 0;
  for (const OpInfo& op : ops()) {
    CAPTURE(op.domain, op.name);
    const std::vector<pb::OpSchema> schemas = versions(op.name, op.domain);
    if (schemas.empty()) {
      CHECK((op.domain == "com.microsoft" || op.in_any_opset));
      continue;
    }
    Count inputs{std::numeric_limits<int>::max(), 0}, outputs = inputs;
    for (const pb::OpSchema& schema : schemas) {
      inputs = {std::min(inputs.least, schema.min_input()), std::max(inputs.most, schema.max_input())};
      outputs = {std::min(outputs.least, schema.min_output()), std::max(outputs.most, schema.max_output())};
    }
    CHECK(op.inputs.least == inputs.least);
    CHECK(op.inputs.most == most(inputs.most));
    CHECK(op.outputs.least == outputs.least);
    CHECK(op.outputs.most == most(outputs.most));
    check_attributes(op, schemas);
    ++compared;
  }
  CHECK(compared > 200);
}

TEST_CASE("every operator of the default domain has a row, and a rule for its types", "[table]") {
  for (const pb::OpSchema& schema : pb::OpSchemaRegistry::get_all_schemas_with_history()) {
    if (!schema.domain().empty() || versions(schema.Name(), "").empty()) continue;
    CAPTURE(schema.Name());
    const OpInfo* op = find_op(schema.Name());
    REQUIRE(op != nullptr);
    CHECK(op->infer != nullptr);
  }
}

}  // namespace
}  // namespace bw
