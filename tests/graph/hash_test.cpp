#include <catch2/catch_test_macros.hpp>
#include <utility>

#include "graph/graph.h"
#include "graph/text.h"

namespace bw {
namespace {

std::string hash_of(const std::string& body) {
  return content_hash(parse_graph("ir_version 8\nopset \"\" 17\ngraph \"g\" {\n" + body + "}\n"));
}

const std::string kBase = R"(
  input %x: float32[2]
  input %c: bool[]
  const %w = float32[2] {1, 2}
  %a = Mul(%x, %w) @ "one"
  %b = Relu(%x)
  %y = Sub(%a, %b)
  output %y
)";

std::string changed(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST_CASE("the content hash does not see what does not matter", "[hash]") {
  const std::string hash = hash_of(kBase);
  CHECK(hash_of(changed(kBase, "@ \"one\"", "@ \"two\"")) == hash);
  CHECK(hash_of(changed(kBase, "%b = Relu(%x)", "%b = Relu(%x)\n %dead = Abs(%x)")) == hash);
  CHECK(hash_of(changed(kBase, "%a = Mul(%x, %w) @ \"one\"\n  %b = Relu(%x)", "%b = Relu(%x)\n  %a = Mul(%x, %w)")) ==
        hash);
  std::string renamed = kBase;
  for (std::size_t at; (at = renamed.find("%a")) != std::string::npos;) renamed.replace(at, 2, "%other");
  CHECK(hash_of(renamed) == hash);
}

TEST_CASE("the content hash sees everything that matters", "[hash]") {
  const std::string hash = hash_of(kBase);
  CHECK(hash_of(changed(kBase, "{1, 2}", "{1, 3}")) != hash);
  CHECK(hash_of(changed(kBase, "float32[2] {1, 2}", "float32[1,2] {1, 2}")) != hash);
  CHECK(hash_of(changed(kBase, "float32[2] {1, 2}", "int32[2] {1065353216, 1073741824}")) != hash);  // the same bytes
  CHECK(hash_of(changed(kBase, "Sub(%a, %b)", "Sub(%b, %a)")) != hash);
  CHECK(hash_of(changed(kBase, "Relu", "Abs")) != hash);
  CHECK(hash_of(changed(kBase, "Relu(%x)", "Relu(%x) {alpha = 1}")) != hash);
  CHECK(hash_of(changed(kBase, "output %y", "output %a")) != hash);
  CHECK(hash_of(changed(kBase, "float32[2]\n", "float32[3]\n")) != hash);
  CHECK(hash_of(changed(kBase, "float32[2]\n", "float32[\"2\"]\n")) != hash);  // a symbol, however it is called
  CHECK(hash_of(changed(kBase, "Sub(%a, %b)", "Sub(%a, %a)")) != hash);
  CHECK(hash_of(changed(kBase, "input %c", "input %other")) != hash);  // who runs the model names its inputs
}

TEST_CASE("the content hash follows captured values into subgraphs", "[hash]") {
  const auto with = [](const std::string& captured, const std::string& inner) {
    return hash_of(
        "input %x: float32[2]\n input %z: float32[2]\n input %c: bool[]\n"
        "%y = If(%c) {then_branch = graph \"t\" { capture %" +
        captured + "\n %" + inner + " = Relu(%" + captured + ")\n output %" + inner +
        " }, else_branch = graph \"e\" { capture %z\n %o = Abs(%z)\n output %o }}\n output %y\n");
  };
  CHECK(with("x", "i") == with("x", "j"));
  CHECK(with("x", "i") != with("z", "i"));
}

TEST_CASE("the content hash does not see the order of functions", "[hash]") {
  Graph graph = parse_graph("ir_version 8\nopset \"\" 17\ngraph \"g\" {\n" + kBase + "}\n");
  const std::string without = content_hash(graph);
  for (const char* name : {"Second", "First"}) {
    Function function;
    function.domain = "my.domain";
    function.name = name;
    graph.functions.push_back(function);
  }
  const std::string hash = content_hash(graph);
  CHECK(hash != without);
  std::swap(graph.functions[0], graph.functions[1]);
  CHECK(content_hash(graph) == hash);
}

}  // namespace
}  // namespace bw
