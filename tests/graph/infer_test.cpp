// Shape inference on graphs made by hand. tests/format/infer_test.cpp holds it against the onnx library.
#include "graph/infer.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>

#include "badinput/sketch.h"
#include "base/error.h"
#include "graph/text.h"
#include "graph/verify.h"

namespace bw {
namespace {

using Catch::Matchers::ContainsSubstring;

Graph parsed(const std::string& statements) {
  return parse_graph("ir_version 8\nopset \"\" 21\nopset \"com.microsoft\" 1\ngraph \"g\" {\n" + statements + "\n}\n");
}

// The type that is found for the value of that name.
std::string type_of(const std::string& statements, std::string_view name = "y") {
  Graph graph = parsed(statements + "\noutput %" + std::string(name));
  infer(graph);
  return to_string(graph.value(graph.find(name)).type);
}

void require_refused(const std::string& statements, const std::string& where, const std::string& says) {
  try {
    type_of(statements);
    FAIL_CHECK("not refused: " << says);
  } catch (const Error& error) {
    CHECK(error.input_class() == InputClass::Semantic);
    CHECK_THAT(error.where(), ContainsSubstring(where));
    CHECK_THAT(std::string(error.what()), ContainsSubstring(says));
  }
}

TEST_CASE("symbols go through operators, and numbers win over them", "[infer]") {
  CHECK(type_of("input %x: float32[N,4]\n%y = Relu(%x)") == "float32[N,4]");
  CHECK(type_of("input %x: float32[N,4]\n%y: float32[batch,?] = Relu(%x)") == "float32[batch,4]");
  CHECK(type_of("input %x: float32[N,4]\ninput %z: float32[3,1]\n%y = Add(%x, %z)") == "float32[3,4]");
  CHECK(type_of("input %x: float32[N,4]\ninput %z: float32[N,1]\n%y = Add(%x, %z)") == "float32[N,4]");
  CHECK(type_of("input %x: float32[N,4]\ninput %z: float32[M,4]\n%y = Add(%x, %z)") == "float32[?,4]");
  CHECK(
      type_of("input %x: float32[N,3,H,8]\ninput %w: float32[6,3,3,3]\n%y = Conv(%x, %w) {pads = ints [1, 1, 1, 1]}") ==
      "float32[N,6,H,8]");
  CHECK(type_of("input %x: float32[N,3,H,8]\ninput %w: float32[6,3,3,3]\n%y = Conv(%x, %w) {strides = ints [2, 2]}") ==
        "float32[N,6,?,3]");
}

TEST_CASE("the numbers in small integer tensors are followed", "[infer]") {
  const std::string split_heads =
      "input %x: float32[N,S,8]\nconst %zero: int64[1] = int64[1] {0}\nconst %one: int64[1] = int64[1] {1}\n"
      "const %heads: int64[2] = int64[2] {2, -1}\n%s = Shape(%x)\n%n = Gather(%s, %zero)\n%l = Gather(%s, %one)\n"
      "%t = Concat(%n, %l, %heads) {axis = 0}\n%y = Reshape(%x, %t)";
  CHECK(type_of(split_heads) == "float32[N,S,2,4]");
  CHECK(type_of("input %x: float32[N,S,8]\nconst %t: int64[2] = int64[2] {-1, 8}\n%y = Reshape(%x, %t)") ==
        "float32[?,8]");
  CHECK(type_of("input %x: float32[N,4,2]\nconst %t: int64[2] = int64[2] {0, -1}\n%y = Reshape(%x, %t)") ==
        "float32[N,8]");
  CHECK(type_of("input %x: float32[4,6]\n%s = Shape(%x)\nconst %two: int64[1] = int64[1] {2}\n%h = Div(%s, %two)\n%y = "
                "ConstantOfShape(%h)") == "float32[2,3]");
  CHECK(type_of("input %x: float32[4,N]\n%s = Size(%x)\nconst %axes: int64[1] = int64[1] {0}\n%l = Unsqueeze(%s, "
                "%axes)\n%y = Reshape(%x, %l)") == "float32[?]");
  CHECK(type_of("input %x: float32[N,6]\n%s = Shape(%x)\nconst %a: int64[1] = int64[1] {0}\nconst %b: int64[1] = "
                "int64[1] {1}\n%n = Slice(%s, %a, %b)\n%y = ConstantOfShape(%n)") == "float32[N]");
  CHECK(type_of("input %x: float32[N,6]\ninput %a: int64[?]\n%y = Slice(%x, %a, %a)") == "float32[?,?]");
  CHECK(type_of("input %x: float32[N,6]\ninput %a: int64[1]\n%y = Slice(%x, %a, %a)") == "float32[?,6]");
  // An input that has a default may be another tensor.
  CHECK(type_of("input %t: int64[2] = int64[2] {2, 3}\ninput %x: float32[6]\n%y = Reshape(%x, %t)") == "float32[?,?]");
}

TEST_CASE("what the graph states and no rule knows stays", "[infer]") {
  CHECK(type_of("input %x: float32[N,4]\n%y: float32[N,7] = \"com.microsoft\":CDist(%x, %x)") == "float32[N,7]");
  CHECK(type_of("input %x: float32[N,4]\n%y = \"com.microsoft\":CDist(%x, %x)") == "?");
  CHECK(type_of("input %x: float32[N,4]\n%z: float32[N,7] = \"elsewhere\":Relu(%x)\n%y = Relu(%z)") == "float32[N,7]");
}

TEST_CASE("a contradiction names the node and the value", "[infer]") {
  require_refused("input %x: float32[N,4]\n%y: float32[N,5] = Relu(%x) @ \"act\"", "node 'act' (Relu)",
                  "stated as float32[N,5], it would be float32[N,4]");
  require_refused("input %x: float32[N,4]\n%y: float16[N,4] = Relu(%x) @ \"act\"", "value 'y'", "it would be float32");
  require_refused("input %x: float32[N,4]\n%y: float32[4] = Relu(%x) @ \"act\"", "node 'act' (Relu)", "float32[4]");
  require_refused("input %x: float32[2,4]\ninput %z: float32[3,4]\n%y = Add(%x, %z) @ \"sum\"", "node 'sum' (Add)",
                  "dimensions 2 and 3 do not match");
  require_refused("input %x: float32[2,4]\ninput %z: float32[3,4]\n%y = MatMul(%x, %z)", "(MatMul)", "must be equal");
  require_refused("input %x: float32[2,4]\n%y = Flatten(%x) {axis = 3}", "(Flatten)", "outside of the tensor");
  require_refused("input %x: float32[2,4]\nconst %t: int64[1] = int64[1] {7}\n%y = Reshape(%x, %t)", "(Reshape)",
                  "do not fill the shape");
  require_refused("input %x: float32[2,4]\nconst %t: int64[2] = int64[2] {3, -1}\n%y = Reshape(%x, %t)", "(Reshape)",
                  "do not fill the shape");
  require_refused("input %x: float32[1,1,2,2]\ninput %w: float32[1,1,3,3]\n%y = Conv(%x, %w)", "(Conv)",
                  "larger than the padded input");
}

Subgraph branch(const std::string& op, std::vector<Attribute> attributes) {
  test::Sketch s;
  const ValueId x = s.capture("x");
  const ValueId y = s.node(op, {x}, std::move(attributes), op + "_out");
  return std::make_shared<const Graph>(s.with_output(y));
}

Graph choice(Subgraph yes, Subgraph no) {
  test::Sketch s;
  s.input("x", DType::Float32, {3, 5});
  const ValueId condition = s.input("c", DType::Bool, {});
  return s.with_output(
      s.node("If", {condition},
             {test::attribute("then_branch", std::move(yes)), test::attribute("else_branch", std::move(no))}));
}

TEST_CASE("graphs inside nodes are inferred with what is around them", "[infer]") {
  Graph graph = choice(branch("Relu", {}), branch("Transpose", {}));
  infer(graph);
  CHECK(to_string(graph.value(graph.outputs[0]).type) == "float32[?,?]");
  const Graph& inner = *std::get<Subgraph>(graph.nodes[0].find("else_branch")->data);
  CHECK(to_string(inner.value(inner.outputs[0]).type) == "float32[5,3]");
}

TEST_CASE("a branch that cannot run does not refuse the model", "[infer]") {
  const std::vector<Attribute> axes{test::attribute("axis", std::int64_t{7})};
  Graph graph = choice(branch("Flatten", axes), branch("Relu", {}));
  infer(graph);
  CHECK(to_string(graph.value(graph.outputs[0]).type) == "float32[3,5]");
  graph = choice(branch("Flatten", axes), branch("Softmax", axes));
  CHECK_NOTHROW(infer(graph));
  graph = choice(branch("Flatten", axes), branch("Flatten", axes));
  CHECK_THROWS_AS(infer(graph), Error);
}

TEST_CASE("an operator that the model defines itself is not the table's", "[infer]") {
  Graph graph = parsed("input %x: float32[N,4]\n%y = Relu(%x)\noutput %y");
  graph.functions.push_back({"", "Relu", "", {}, {}, {}});
  infer(graph);
  CHECK(to_string(graph.value(graph.outputs[0]).type) == "?");
}

TEST_CASE("extents beyond 63 bits are unknown", "[infer]") {
  const std::string huge = "9223372036854775807";
  CHECK(type_of("input %x: float32[" + huge + ",2]\nconst %t: int64[1] = int64[1] {-1}\n%y = Reshape(%x, %t)") ==
        "float32[?]");
  CHECK(type_of("input %x: float32[4611686018427387904,8]\n%y = Flatten(%x) {axis = 2}") == "float32[?,1]");
  CHECK(type_of("input %x: float32[" + huge + ",2]\n%y = Concat(%x, %x) {axis = 0}") == "float32[?,2]");
  CHECK(type_of("input %x: float32[1,1," + huge + "]\ninput %w: float32[1,1,3]\n%y = Conv(%x, %w)") ==
        "float32[1,1,?]");
  CHECK(type_of("const %a: int64[] = int64[] {0}\nconst %b: int64[] = int64[] {" + huge +
                "}\nconst %c: int64[] = "
                "int64[] {1}\n%y = Range(%a, %b, %c)") == "int64[" + huge + "]");
  CHECK(type_of("input %x: float32[1,1,9]\ninput %w: float32[1,1," + huge + "]\n%y = Conv(%x, %w)") ==
        "float32[1,1,?]");
  CHECK(type_of("input %x: float32[2," + huge + ",2]\n%y = DFT(%x) {onesided = 1, inverse = 1}") == "float32[2,?,1]");
  CHECK(type_of("input %x: float32[4," + huge +
                "]\nconst %a: int64[1] = int64[1] {-9223372036854775807}\nconst %e: "
                "int64[1] = int64[1] {" +
                huge +
                "}\nconst %k: int64[1] = int64[1] {1}\nconst %s: int64[1] = int64[1] "
                "{2}\n%y = Slice(%x, %a, %e, %k, %s)") == "float32[4,4611686018427387904]");
}

Graph chain(const std::string& input, const std::string& op, const std::string& after, int nodes) {
  std::string statements = "input %v0: " + input + "\nconst %zero: int64[1] = int64[1] {0}\n";
  for (int i = 0; i < nodes; ++i)
    statements += "%v" + std::to_string(i + 1) + " = " + op + "(%v" + std::to_string(i) + after + ")\n";
  return parsed(statements + "output %v" + std::to_string(nodes));
}

TEST_CASE("neither ranks, nor types inside types, nor symbols grow without end", "[infer]") {
  Graph ranks = chain("float32[2]", "Unsqueeze", ", %zero", 3000);
  infer(ranks);
  CHECK(to_string(ranks.value(ranks.outputs[0]).type) == "float32");
  Graph nested = chain("float32[2]", "SequenceConstruct", "", 3000);
  infer(nested);
  CHECK(nested.value(nested.outputs[0]).type.element == nullptr);
  Graph symbols = chain("float32[" + std::string(100'000, 'N') + "]", "Relu", "", 10);
  infer(symbols);
  CHECK(to_string(symbols.value(symbols.outputs[0]).type) == "float32[?]");
}

TEST_CASE("a long graph takes a moment", "[infer]") {
  std::string statements = "input %v0: float32[N,8]\nconst %t: int64[2] = int64[2] {0, -1}\n";
  constexpr int kNodes = 10'000;
  for (int i = 0; i < kNodes; ++i) {
    const std::string from = "(%v" + std::to_string(i), to = "%v" + std::to_string(i + 1);
    statements += to + " = " + (i % 2 ? "Relu" + from + ")" : "Reshape" + from + ", %t)") + "\n";
  }
  Graph graph = parsed(statements + "output %v" + std::to_string(kNodes));
  const auto start = std::chrono::steady_clock::now();
  infer(graph);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::milliseconds(500));
  CHECK(to_string(graph.value(graph.outputs[0]).type) == "float32[N,8]");
}

}  // namespace
}  // namespace bw
