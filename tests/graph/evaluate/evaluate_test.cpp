// Rules that the onnx package's own cases (tests/format/evaluate_test.cpp) do not reach.
#include "graph/evaluate.h"

#include <catch2/catch_test_macros.hpp>
#include <cmath>

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

TEST_CASE("reductions keep NaN, do not overflow, and pooling names the first of equals", "[evaluate]") {
  const std::vector<Tensor> out =
      evaluate(graph_of("input %x: float32[2,2]\n input %e: float32[2]\n"
                        "%m = ReduceMax(%x) {axes = ints [1], keepdims = 0}\n"
                        "%l = ReduceLogSumExp(%e) {keepdims = 0}\n output %m\n output %l\n"),
               {{"x", Tensor::of<float>({2, 2}, {1, NAN, 2, 3})}, {"e", Tensor::of<float>({2}, {1000, 1000})}});
  CHECK(std::isnan(to_doubles(out[0])[0]));
  CHECK(to_doubles(out[0])[1] == 3);
  CHECK(std::fabs(to_doubles(out[1])[0] - 1000.6931472) < 1e-3);
  const std::vector<Tensor> pooled = evaluate(
      graph_of("const %x = float32[1,1,2,2] {1, 4, 4, 2}\n %y, %i = MaxPool(%x) {kernel_shape = ints [2, 2]}\n output "
               "%y\n output %i\n"),
      {});
  CHECK(to_int64s(pooled[1]) == std::vector<std::int64_t>{1});
}

TEST_CASE("extents of tensors without elements are not gone through", "[evaluate]") {
  const auto fault = [](const std::string& node) {
    CAPTURE(node);
    return fault_of(
        "const %x = float32[1099511627776,0] {}\n const %i = int64[1099511627776,0] {}\n const %a = int64[1] {1}\n "
        "const %o = int64[] {0}\n const %f = float32[2] {1, 2}\n %y = " +
        node + "\n output %y\n");
  };
  CHECK(fault("Gather(%x, %o) {axis = 1}") == InputClass::Limit);
  CHECK(fault("Slice(%x, %a, %a)") == InputClass::Limit);
  CHECK(fault("Transpose(%x)") == InputClass::Limit);
  CHECK(fault("ReduceSum(%x, %a)") == InputClass::Limit);
  CHECK(fault("GatherND(%f, %i)") == InputClass::Limit);
  CHECK(fault("ScatterND(%f, %i, %x)") == InputClass::Limit);
  CHECK(fault("Softmax(%x) {axis = 1}") == InputClass::Limit);
  CHECK(fault_of("const %s = int64[2] {1099511627776, 0}\n %y = ConstantOfShape(%s)\n output %y\n") ==
        InputClass::Limit);
}

TEST_CASE("attributes and inputs that an operator cannot take are refused", "[evaluate]") {
  const auto fault = [](const std::string& node) {
    CAPTURE(node);
    return fault_of(
        "const %x = float32[1,1,2] {1, -1}\n const %w = float32[1,4,2] {1, 2, 3, 4, 5, 6, 7, 8}\n "
        "const %r = float32[1,4,1] {1, 2, 3, 4}\n const %none = float32[0] {}\n const %e = float32[1,0,3] {}\n "
        "%y = " +
        node + "\n output %y\n");
  };
  CHECK(fault("LSTM(%x, %w, %r) {hidden_size = 1, clip = -1f}") == InputClass::Semantic);
  CHECK(fault("Clip(%x, %none)") == InputClass::Semantic);
  CHECK(fault("Range(%none, %none, %none)") == InputClass::Semantic);
  CHECK(fault("GroupNormalization(%e, %none, %none) {num_groups = 1}") == InputClass::Semantic);
  CHECK(fault("ConvTranspose(%x, %x) {output_shape = ints [-9223372036854775808]}") == InputClass::Semantic);
}

TEST_CASE("numbers that are no index and no diagonal", "[evaluate]") {
  const Graph graph = graph_of(R"(const %i = float32[3] base64 "AADAfwAAgD8AAIB/"
    const %d = int64[] {2}
    const %v = float32[2] {0, 1}
    const %x = float32[2,2] {1, 2, 3, 4}
    %y = OneHot(%i, %d, %v)
    %z = EyeLike(%x) {k = 9223372036854775807}
    output %y
    output %z
)");
  CHECK(evaluate(graph, {})[0] == Tensor::of<float>({3, 2}, {0, 0, 0, 1, 0, 0}));  // of NaN, 1, infinity
  CHECK(evaluate(graph, {})[1] == Tensor::of<float>({2, 2}, {0, 0, 0, 0}));
}

TEST_CASE("a range over all integers does not overflow on its way", "[evaluate]") {
  const Graph graph = graph_of(R"(const %s = int64[] {-9223372036854775808}
    const %l = int64[] {9223372036854775807}
    const %d = int64[] {4611686018427387904}
    %y = Range(%s, %l, %d)
    output %y
)");
  CHECK(to_int64s(evaluate(graph, {})[0]) ==
        std::vector<std::int64_t>{INT64_MIN, -4611686018427387904, 0, 4611686018427387904});
}

TEST_CASE("whole numbers become text with all their digits", "[evaluate]") {
  const Graph graph = graph_of(R"(const %i = int64[2] {9223372036854775807, -9007199254740993}
    const %u = uint64[1] {18446744073709551615}
    %s = Cast(%i) {to = 8}
    %t = Cast(%u) {to = 8}
    output %s
    output %t
)");
  CHECK(evaluate(graph, {})[0].strings() == std::vector<std::string>{"9223372036854775807", "-9007199254740993"});
  CHECK(evaluate(graph, {})[1].strings() == std::vector<std::string>{"18446744073709551615"});
}

TEST_CASE("a resize by next to nothing is refused, not computed for ever", "[evaluate]") {
  const std::string resize =
      "const %x = float32[4] {1, 2, 3, 4}\n const %s = float32[1] {1e-20}\n %y = Resize(%x, %r, %s) {mode = "
      "\"linear\", "
      "antialias = 1, coordinate_transformation_mode = \"tf_crop_and_resize\"}\n output %y\n";
  CHECK(fault_of("const %r = float32[2] {0, 1e20}\n " + resize) == InputClass::Semantic);
  CHECK(fault_of("const %r = float32[2] {-nan, -nan}\n " + resize) == InputClass::Semantic);
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
