// Rules that the onnx package's own cases (tests/format/evaluate_test.cpp) do not reach.
#include "graph/evaluate.h"

#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "graph/text.h"
#include "tensor/convert.h"

namespace bw {
namespace {

Graph graph_of(const std::string& body, const std::string& opsets = "opset \"\" 17") {
  return parse_graph("ir_version 8\n" + opsets + "\ngraph \"g\" {\n" + body + "}\n");
}

InputClass fault_of(const std::string& body) {
  const Graph graph = graph_of(body);
  try {
    evaluate(graph, {});
  } catch (const Error& error) {
    CHECK(error.where().find("node") != std::string::npos);
    return error.input_class();
  }
  return InputClass::None;
}

TEST_CASE("a result too big is a limit before memory is taken", "[evaluate]") {
  CHECK(fault_of("const %s = int64[2] {1000000, 1000000}\n %y = ConstantOfShape(%s)\n output %y\n") ==
        InputClass::Limit);
  CHECK(fault_of("const %x = float32[1] {1}\n const %s = int64[3] {100000, 100000, 100000}\n %y = Expand(%x, %s)\n "
                 "output %y\n") == InputClass::Limit);
  CHECK(fault_of("const %a = int64[] {0}\n const %b = int64[] {9000000000000000000}\n const %d = int64[] {1}\n %y = "
                 "Range(%a, %b, %d)\n output %y\n") == InputClass::Limit);
  CHECK(
      fault_of(
          "const %x = float32[1] {1}\n const %r = int64[1] {9000000000000000000}\n %y = Tile(%x, %r)\n output %y\n") ==
      InputClass::Limit);
  CHECK(fault_of("const %x = float32[1] {1}\n const %p = int64[2] {2000000000, 2000000000}\n %y = Pad(%x, %p)\n output "
                 "%y\n") == InputClass::Limit);
}

TEST_CASE("what does not fit is refused with the node's name", "[evaluate]") {
  CHECK(fault_of("const %x = int32[1] {1}\n const %z = int32[1] {0}\n %y = Div(%x, %z)\n output %y\n") ==
        InputClass::Semantic);
  CHECK(fault_of("const %x = float32[2] {1, 2}\n const %i = int64[1] {2}\n %y = Gather(%x, %i)\n output %y\n") ==
        InputClass::Semantic);
  CHECK(fault_of("const %x = float32[2] {1, 2}\n const %z = float32[3] {1, 2, 3}\n %y = Add(%x, %z)\n output %y\n") ==
        InputClass::Semantic);
  CHECK(fault_of("const %x = float32[2] {1, 2}\n const %s = int64[1] {-2}\n %y = Reshape(%x, %s)\n output %y\n") ==
        InputClass::Semantic);
  CHECK(fault_of("const %x = float32[1,1,2,2] {1, 2, 3, 4}\n %y = MaxPool(%x) {kernel_shape = ints [2, 2], strides = "
                 "ints [0, 1]}\n output %y\n") == InputClass::Semantic);
  CHECK(fault_of("const %x = float32[2] {1, 2}\n %y = NoSuchOperator(%x)\n output %y\n") == InputClass::Unsupported);
}

TEST_CASE("the smallest integer divided by -1 wraps", "[evaluate]") {
  const Graph graph = graph_of(
      "const %x = int32[2] {-2147483648, 7}\n const %z = int32[1] {-1}\n %y = Div(%x, %z)\n %r = Mod(%x, %z)\n output "
      "%y\n output %r\n");
  const std::vector<Tensor> out = evaluate(graph, {});
  CHECK(to_int64s(out[0]) == std::vector<std::int64_t>{-2147483648, -7});
  CHECK(to_int64s(out[1]) == std::vector<std::int64_t>{0, 0});
}

TEST_CASE("slices with extreme bounds", "[evaluate]") {
  const Graph graph = graph_of(R"(const %x = int64[4] {0, 1, 2, 3}
    const %s = int64[1] {-1}
    const %e = int64[1] {-9223372036854775808}
    const %a = int64[1] {0}
    const %m = int64[1] {-9223372036854775808}
    const %back = int64[1] {-2}
    %y = Slice(%x, %s, %e, %a, %m)
    %z = Slice(%x, %s, %e, %a, %back)
    output %y
    output %z
)");
  CHECK(to_int64s(evaluate(graph, {})[0]) == std::vector<std::int64_t>{3});
  CHECK(to_int64s(evaluate(graph, {})[1]) == std::vector<std::int64_t>{3, 1});
}

TEST_CASE("MatMulNBits multiplies by the decoded weights", "[evaluate]") {
  // One column, K = 16: codes 0..15 less the default zero point 8, scale 0.5.
  const Graph graph = graph_of(R"(input %a: float32[1,16]
    const %b = uint8[1,1,8] {16, 50, 84, 118, 152, 186, 220, 254}
    const %s = float32[1] {0.5}
    %y = "com.microsoft":MatMulNBits(%a, %b, %s) {K = 16, N = 1, bits = 4, block_size = 16}
    output %y
)",
                               "opset \"\" 17\nopset \"com.microsoft\" 1");
  const Tensor a = Tensor::of<float>({1, 16}, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2});
  CHECK(to_doubles(evaluate(graph, {{"a", a}})[0]) == std::vector<double>{(0 - 8) * 0.5 + 2 * (15 - 8) * 0.5});
}

TEST_CASE("subgraphs see values around them", "[evaluate]") {
  const Graph graph = graph_of(R"(input %x: float32[2]
    input %c: bool[]
    %a = Neg(%x)
    %y = If(%c) {then_branch = graph "t" { capture %a
      %i = Abs(%a)
      output %i }, else_branch = graph "e" { capture %x
      %j = Identity(%x)
      output %j }}
    output %y
)");
  const Tensor x = Tensor::of<float>({2}, {-1, 2});
  CHECK(evaluate(graph, {{"x", x}, {"c", Tensor::scalar(true)}})[0] == Tensor::of<float>({2}, {1, 2}));
  CHECK(evaluate(graph, {{"x", x}, {"c", Tensor::scalar(false)}})[0] == x);
}

}  // namespace
}  // namespace bw
