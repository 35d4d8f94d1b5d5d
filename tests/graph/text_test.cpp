#include "graph/text.h"

#include <catch2/catch_test_macros.hpp>
#include <limits>

#include "base/error.h"

namespace bw {
namespace {

constexpr std::string_view kTiny = R"(ir_version 8
opset "" 17
producer "someone" "1"
graph "tiny" {
  input %x: float32[N,2]
  const %w: float32[2,2] = float32[2,2] {1, 0, 0.1, -2.5}
  %y: float32[N,2] = Gemm(%x, %w) {transB = 1} @ "layer"
  output %y: float32[N,2]
}
)";

TEST_CASE("printing gives back the text that was parsed", "[text]") {
  CHECK(print(parse_graph(kTiny)) == kTiny);
}

TEST_CASE("a parsed graph has what the text says", "[text]") {
  const Graph graph = parse_graph(kTiny);
  CHECK(graph.opset() == 17);
  CHECK(graph.ir_version == 8);
  REQUIRE(graph.nodes.size() == 1);
  CHECK(graph.nodes[0].is("Gemm"));
  CHECK(graph.nodes[0].int_or("transB", 0) == 1);
  CHECK(graph.value(graph.nodes[0].inputs[1]).initializer == Tensor::of<float>({2, 2}, {1, 0, 0.1f, -2.5f}));
  CHECK(to_string(graph.value(graph.outputs[0]).type) == "float32[N,2]");
}

TEST_CASE("types are equal with all that they say", "[text]") {
  const ValueType type = ValueType::tensor(DType::Float32, Shape{2, 3});
  CHECK(type == ValueType::tensor(DType::Float32, Shape{2, 3}));
  CHECK_FALSE(type == ValueType::tensor(DType::Float32, Shape{3, 2}));
  CHECK_FALSE(type == ValueType::tensor(DType::Float16, Shape{2, 3}));
  CHECK_FALSE(type == ValueType::tensor(DType::Float32, std::optional<std::vector<Dim>>()));
}

TEST_CASE("symbols that are no words stand in quotes", "[text]") {
  const ValueType type = ValueType::tensor(
      DType::Float16, std::vector<Dim>{{-1, "N"}, {-1, "a \"b\""}, {-1, "2"}, {-1, "?"}, {-1, ""}, {2, ""}});
  CHECK(to_string(type) == R"(float16[N,"a \"b\"","2","?",?,2])");
}

// Everything an attribute or a tensor can be, with names that need quotes.
Graph everything() {
  Graph inner;
  inner.name = "then \"branch\"";
  inner.values.resize(2);
  inner.values[0].name = "a b";
  inner.values[1].name = "inner/out";
  inner.captured = {0};
  Node copy;
  copy.op_type = "Identity";
  copy.inputs = {0};
  copy.outputs = {1};
  inner.nodes = {copy};
  inner.outputs = {1};

  Graph graph;
  graph.name = "odd\nname";
  graph.ir_version = 10;
  graph.opsets = {{"", 21}, {"my.domain", 1}};
  graph.values.resize(3);
  graph.values[0].name = "a b";
  graph.values[0].type = ValueType::tensor(DType::Float16, std::vector<Dim>{{-1, "odd symbol"}, {-1, ""}, {3, ""}});
  graph.values[1].name = "%\"\\\x01";
  graph.values[1].initializer = Tensor::of_strings({2}, {"one\ntwo", "\"quoted\" \\ \x7f"});
  graph.values[2].name = "out";
  graph.inputs = {0};
  graph.outputs = {2};

  const float odd[] = {std::numeric_limits<float>::quiet_NaN(), -0.0f, 1e-45f, std::numeric_limits<float>::infinity()};
  const std::uint64_t wide[] = {~std::uint64_t{0}, 1};
  const std::byte packed[] = {std::byte{0x21}, std::byte{0x0f}};
  std::vector<std::int64_t> many(1000);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<std::int64_t>(i * i);
  Node node;
  node.name = "n";
  node.op_type = "Op";
  node.domain = "my.domain";
  node.overload = "v2";
  node.inputs = {0, kNoValue, 1};
  node.outputs = {kNoValue, 2};
  node.set("int", std::int64_t{-7});
  node.set("float", 0.1f);
  node.set("nan", std::numeric_limits<float>::quiet_NaN());
  node.set("string", std::string("tab\there"));
  node.set("tensor", Tensor::of<float>({4}, odd));
  node.set("wide", Tensor::of<std::uint64_t>({2}, wide));
  node.set("int4", Tensor::copy(DType::Int4, {3}, packed));
  node.set("large", Tensor::of<std::int64_t>({10, 100}, std::span<const std::int64_t>(many)));
  node.set("empty", Tensor::of<float>({0, 3}, {}));
  node.set("double", Tensor::scalar(0.1));
  node.set("graph", Subgraph(std::make_shared<Graph>(inner)));
  ValueType sequence;
  sequence.kind = ValueType::Kind::Sequence;
  sequence.element = std::make_shared<ValueType>(ValueType::tensor(DType::Int64));
  node.set("type", sequence);
  node.set("sparse", SparseTensor{Tensor::of<float>({1}, {5.0f}), Tensor::of<std::int64_t>({1}, {3}), {10}});
  node.set("ints", std::vector<std::int64_t>{});
  node.set("floats", std::vector<float>{1, -0.5f});
  node.set("strings", std::vector<std::string>{"", "a"});
  node.set("graphs", std::vector<Subgraph>{std::make_shared<Graph>(inner)});
  node.set("ref", Attribute::Reference{"alpha", 1});
  graph.nodes = {node};

  Function function;
  function.domain = "my.domain";
  function.name = "Op";
  function.overload = "v2";
  function.attributes = {"alpha"};
  function.attribute_defaults = {{"beta", 2.0f, {}}};
  function.body = inner;
  function.body.inputs = {0};
  function.body.captured = {};
  function.body.opsets = {{"", 21}};
  graph.functions = {function};
  return graph;
}

TEST_CASE("the round trip keeps the content hash and the text", "[text]") {
  const Graph graph = everything();
  const std::string text = print(graph);
  const Graph again = parse_graph(text);
  CHECK(content_hash(again) == content_hash(graph));
  CHECK(print(again) == text);
  CHECK(again.value(again.nodes[0].inputs[0]).type == graph.values[0].type);
  const auto& tensor = std::get<Tensor>(again.nodes[0].find("tensor")->data);
  CHECK(tensor == std::get<Tensor>(graph.nodes[0].find("tensor")->data));
}

std::string message_of(const std::string& text) {
  try {
    parse_graph(text, "t");
  } catch (const Error& error) {
    return error.input_class() == InputClass::Format ? error.what() : "another class";
  }
  return "";
}

TEST_CASE("a fault in the text is named with line and column", "[text]") {
  const std::string head = "ir_version 8\ngraph \"g\" {\n";
  CHECK(message_of(head + "  input x\n}").starts_with("t:3:9: a value must stand here"));
  CHECK(message_of(head + "  const %w = float32[2] {1}\n}").find("the elements do not fill the shape") !=
        std::string::npos);
  CHECK(message_of(head + "  const %w = float33[2] {1}\n}").find("is not an element type") != std::string::npos);
  CHECK(message_of(head + "  const %w = float32[2] base64 \"AAA\"\n}").find("groups of four") != std::string::npos);
  CHECK(message_of(head + "  const %w = int8[1] {x}\n}").find("an element must stand here") != std::string::npos);
  CHECK(message_of(head + "  %y = Op(%x) {a = 1x}\n}").find("an integer must stand here") != std::string::npos);
  CHECK(message_of(head).find("must stand here") != std::string::npos);
  CHECK(message_of("graph \"g").find("does not end") != std::string::npos);
  std::string deep = "graph \"g\" {\n";
  for (int i = 0; i < 100; ++i) deep += "= If() {a = graph \"g\" {\n";
  CHECK(message_of(deep).find("too deeply") != std::string::npos);
}

}  // namespace
}  // namespace bw
