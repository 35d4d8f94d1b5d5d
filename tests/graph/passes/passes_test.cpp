#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "graph/evaluate.h"
#include "graph/links.h"
#include "graph/passes/list.h"
#include "graph/passes/pass.h"
#include "graph/text.h"
#include "tensor/convert.h"

namespace bw {
namespace {

Graph graph_of(const std::string& body, int opset = 17) {
  return parse_graph("ir_version 8\nopset \"\" " + std::to_string(opset) + "\ngraph \"g\" {\n" + body + "}\n");
}

std::string ops_of(const Graph& graph) {
  std::string names;
  for (const Node& node : graph.nodes) names += (names.empty() ? "" : " ") + node.op_type;
  return names;
}

// What prepare() leaves of a graph, with the answer unchanged on the input x.
std::string prepared(const std::string& body, const Tensor& x = {}, int opset = 17) {
  Graph graph = graph_of(body, opset);
  std::vector<Tensor> before;
  if (x.defined()) before = evaluate(graph, {{"x", x}});
  prepare(graph);
  if (x.defined()) {
    const std::vector<Tensor> after = evaluate(graph, {{"x", x}});
    REQUIRE(after.size() == before.size());
    for (std::size_t i = 0; i < after.size(); ++i) {
      REQUIRE(after[i].shape() == before[i].shape());
      const std::vector<double> a = to_doubles(after[i]), b = to_doubles(before[i]);
      for (std::size_t k = 0; k < a.size(); ++k) CHECK(std::fabs(a[k] - b[k]) <= 1e-5 * std::max(1.0, std::fabs(b[k])));
    }
  }
  return ops_of(graph);
}

Tensor ramp(const Shape& shape) {
  return Tensor::fill<float>(shape, [](std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = std::sin(static_cast<float>(i) * 0.7f);
  });
}

TEST_CASE("constants are folded", "[passes]") {
  CHECK(prepared(R"(input %x: float32[2]
    %a = Constant() {value = tensor float32[2] {1, 2}}
    %b = Constant() {value_floats = floats [3f, 4f]}
    %c = Mul(%a, %b)
    %y = Add(%x, %c)
    output %y)",
                 ramp({2})) == "Add");
}

TEST_CASE("constants that would grow the file stay", "[passes]") {
  const std::string expand = R"(input %x: float32[1]
    const %s = int64[3] {256, 256, 256}
    const %one = float32[1] {1}
    %big = Expand(%one, %s)
    %y = Add(%x, %big)
    output %y)";
  CHECK(prepared(expand) == "Expand Add");
  CHECK(prepared("input %x: float32[1]\n const %s = int64[4] {4096, 4096, 4096, 4096}\n %big = ConstantOfShape(%s)\n "
                 "%y = Add(%x, %big)\n output %y") == "ConstantOfShape Add");
}

TEST_CASE("dequantized codes, random numbers and graph outputs stay", "[passes]") {
  CHECK(prepared("input %x: float32[2]\n const %q = int8[2] {1, 2}\n const %s = float32[] {0.5}\n %w = "
                 "DequantizeLinear(%q, %s)\n %y = Add(%x, %w)\n output %y") == "DequantizeLinear Add");
  CHECK(
      prepared(
          "input %x: float32[2]\n %r: float32[2] = RandomNormal() {shape = ints [2]}\n %y = Add(%x, %r)\n output %y") ==
      "RandomNormal Add");
  CHECK(prepared("input %x: float32[2]\n const %w = float32[2] {1, 2}\n %y = Neg(%w)\n %z = Neg(%x)\n output %y\n "
                 "output %z") == "Neg Neg");
}

TEST_CASE("a reshape through a symbolic batch becomes Flatten", "[passes]") {
  const std::string chain = R"(input %x: float32[N,3,2,2]
    %s: int64[4] = Shape(%x)
    const %zero = int64[] {0}
    %b: int64[] = Gather(%s, %zero)
    const %axes = int64[1] {0}
    %b1: int64[1] = Unsqueeze(%b, %axes)
    const %rest = int64[1] {-1}
    %t: int64[2] = Concat(%b1, %rest) {axis = 0}
    %y: float32[N,12] = Reshape(%x, %t)
    output %y)";
  CHECK(prepared(chain, ramp({2, 3, 2, 2})) == "Flatten");
}

TEST_CASE("a reshape to other rows stays", "[passes]") {
  CHECK(prepared("input %x: float32[N,3,2]\n const %t = int64[2] {-1, 3}\n %y = Reshape(%x, %t)\n output %y",
                 ramp({2, 3, 2})) == "Reshape");
}

TEST_CASE("a reshape to nothing, which allowzero makes of 0, stays", "[passes]") {
  CHECK(prepared("input %x: float32[N,3,2]\n const %t = int64[2] {0, 0}\n %y = Reshape(%x, %t) {allowzero = 1}\n "
                 "output %y") == "Reshape");
  CHECK(prepared("input %x: float32[N,3,2]\n const %t = int64[2] {0, -1}\n %y = Reshape(%x, %t) {allowzero = 1}\n "
                 "output %y") == "Reshape");
}

TEST_CASE("a symbol that is not the input's own dimension stays", "[passes]") {
  const std::string other = R"(input %x: float32[N,12]
    input %o: float32[M,1]
    %s: int64[2] = Shape(%o)
    const %i = int64[1] {0}
    %b: int64[1] = Gather(%s, %i)
    const %rest = int64[2] {3, -1}
    %t: int64[3] = Concat(%b, %rest) {axis = 0}
    %y: float32[M,3,K] = Reshape(%x, %t)
    output %y)";
  CHECK(prepared(other) == "Shape Gather Concat Reshape");
}

TEST_CASE("known dimensions of a dynamic shape are folded", "[passes]") {
  CHECK(prepared("input %x: float32[N,3]\n %s: int64[2] = Shape(%x)\n const %i = int64[] {1}\n %c: int64[] = "
                 "Gather(%s, %i)\n %f: float32[] = Cast(%c) {to = 1}\n %y: float32[N,3] = Mul(%x, %f)\n output %y",
                 ramp({2, 3})) == "Mul");
}

TEST_CASE("extents beyond any tensor, and inputs that are left out, stop no pass", "[passes]") {
  CHECK(prepared("input %x: float32[N,4611686018427387904,4]\n const %t = int64[2] {0, -1}\n %y = Reshape(%x, %t)\n "
                 "output %y\n") == "Flatten");
  CHECK(prepared("%s = Shape()\n %y = Neg(%s)\n output %y\n") == "Shape Neg");
  CHECK(prepared("const %t = int64[2] {0, -1}\n %y = Reshape(_, %t)\n output %y\n") == "Reshape");
}

TEST_CASE("identities go, where the shape is provably the same", "[passes]") {
  CHECK(prepared(R"(input %x: float32[N,4]
    %a: float32[N,4] = Identity(%x)
    %b: float32[N,4] = Dropout(%a)
    const %t = int64[2] {-1, 4}
    %c: float32[N,4] = Reshape(%b, %t)
    %d: float32[N,4] = Cast(%c) {to = 1}
    %e: float32[N,4] = Transpose(%d) {perm = ints [0, 1]}
    %y: float32[N,4] = Relu(%e)
    output %y)",
                 ramp({3, 4})) == "Relu");
  CHECK(prepared("input %x: float32[N,M]\n const %t = int64[2] {4, -1}\n %c: float32[4,K] = Reshape(%x, %t)\n %y: "
                 "float32[4,K] = Relu(%c)\n output %y") == "Reshape Relu");
  CHECK(prepared("input %x: float32[2]\n %y = Identity(%x)\n output %y", ramp({2})) == "Identity");
  CHECK(prepared("input %x: float32[N,M]\n input %t: int64[2]\n %c: float32[K,L] = Reshape(%x, %t)\n %y: float32[K,L] "
                 "= Relu(%c)\n output %y") == "Reshape Relu");
  CHECK(prepared("input %x: float32[2]\n %d, %m = Dropout(%x)\n %y = Relu(%d)\n output %y\n output %m") ==
        "Dropout Relu");
}

const std::string kNorm = R"(
    const %g = float32[4] {1.5, 0.5, -1, 2}
    const %b = float32[4] {0.1, 0.2, 0.3, 0.4}
    const %m = float32[4] {0.5, -0.5, 1, 0}
    const %v = float32[4] {1, 2, 0.5, 0.25}
)";

TEST_CASE("batch normalization goes into the layer before it", "[passes]") {
  const std::string conv_weight =
      "const %w = float32[4,1,1,2] {1, 2, 3, 4, 5, 6, 7, 8}\n const %wb = float32[4] {1, 2, 3, 4}\n";
  CHECK(prepared("input %x: float32[N,2,3,3]\n" + conv_weight + kNorm +
                     "%c = Conv(%x, %w, %wb) {group = 2}\n %y = BatchNormalization(%c, %g, %b, %m, %v)\n output %y",
                 ramp({2, 2, 3, 3})) == "Conv");
  CHECK(prepared("input %x: float32[N,2,3,3]\n const %w = float32[2,2,1,2] {1, 2, 3, 4, 5, 6, 7, 8}\n" + kNorm +
                     "%c = ConvTranspose(%x, %w) {group = 2}\n %y = BatchNormalization(%c, %g, %b, %m, %v)\n output %y",
                 ramp({2, 2, 3, 3})) == "ConvTranspose");
  const std::string gemm_weight =
      "const %w = float32[2,4] {1, 2, 3, 4, 5, 6, 7, 8}\n const %wb = float32[4] {1, 2, 3, 4}\n";
  CHECK(prepared("input %x: float32[N,2]\n" + gemm_weight + kNorm +
                     "%c = Gemm(%x, %w, %wb) {beta = 0.5f, alpha = 2f}\n %y = BatchNormalization(%c, %g, %b, %m, %v)\n "
                     "output %y",
                 ramp({3, 2})) == "Gemm");
}

TEST_CASE("batch normalization in training stays", "[passes]") {
  const auto layer = [](const std::string& attributes) {
    return "input %x: float32[1,2,3,3]\n const %k = float32[4,2,1,1] {1, 2, 3, 4, 5, 6, 7, 8}\n %c = Conv(%x, %k)\n" +
           kNorm + "%y = BatchNormalization(%c, %g, %b, %m, %v)" + attributes + "\n output %y";
  };
  CHECK(prepared(layer("")) == "Conv");
  CHECK(prepared(layer(" {training_mode = 1}")) == "Conv BatchNormalization");
}

TEST_CASE("batch normalization stays when the layer's result is used elsewhere", "[passes]") {
  const std::string body = "input %x: float32[N,2,3,3]\n const %w = float32[4,2,1,1] {1, 2, 3, 4, 5, 6, 7, 8}\n" +
                           kNorm +
                           "%c = Conv(%x, %w)\n %y = BatchNormalization(%c, %g, %b, %m, %v)\n output %y\n output %c";
  CHECK(prepared(body, ramp({2, 2, 3, 3})) == "Conv BatchNormalization");
}

TEST_CASE("weights that two layers share are folded for one alone", "[passes]") {
  const std::string body = "input %x: float32[N,2,3,3]\n const %w = float32[4,2,1,1] {1, 2, 3, 4, 5, 6, 7, 8}\n" +
                           kNorm +
                           "%c = Conv(%x, %w)\n %n = BatchNormalization(%c, %g, %b, %m, %v)\n %d = Conv(%x, %w)\n %y = "
                           "Add(%n, %d)\n output %y";
  CHECK(prepared(body, ramp({2, 2, 3, 3})) == "Conv Conv Add");
}

TEST_CASE("averages over the whole image become GlobalAveragePool", "[passes]") {
  CHECK(prepared("input %x: float32[N,3,4,4]\n %y: float32[N,3,1,1] = AveragePool(%x) {kernel_shape = ints [4, 4]}\n "
                 "output %y",
                 ramp({2, 3, 4, 4})) == "GlobalAveragePool");
  CHECK(prepared("input %x: float32[N,3,4,4]\n %y: float32[N,3] = ReduceMean(%x) {axes = ints [2, -1], keepdims = 0}\n "
                 "output %y",
                 ramp({2, 3, 4, 4})) == "GlobalAveragePool Flatten");
  CHECK(prepared("input %x: float32[N,3,4,4]\n %y: float32[N,3,2,2] = AveragePool(%x) {kernel_shape = ints [2, 2], "
                 "strides = ints [2, 2]}\n output %y",
                 ramp({2, 3, 4, 4})) == "AveragePool");
  CHECK(prepared("input %x: float32[N,3,4,4]\n %y = ReduceMean(%x) {axes = ints [1, 2]}\n output %y",
                 ramp({2, 3, 4, 4})) == "ReduceMean");
  CHECK(prepared("input %x: float32[N,3,4]\n %y = ReduceMean(%x) {axes = ints [2]}\n output %y", ramp({2, 3, 4})) ==
        "ReduceMean");
  CHECK(prepared("input %x: float32[N,3,4,4]\n %y = AveragePool(%x) {kernel_shape = ints [4, 4], pads = ints [1, 1, 1, "
                 "1]}\n output %y",
                 ramp({2, 3, 4, 4})) == "AveragePool");
}

TEST_CASE("what a subgraph captures is used", "[passes]") {
  CHECK(prepared(R"(input %x: float32[2]
    input %c: bool[]
    %a = Relu(%x)
    %dead = Abs(%x)
    %y = If(%c) {then_branch = graph "t" { capture %a
      %i = Neg(%a)
      output %i }, else_branch = graph "e" { capture %a
      %j = Abs(%a)
      output %j }}
    output %y)") == "Relu If");
}

TEST_CASE("products become plain ones", "[passes]") {
  const auto gemm = [](const std::string& bias, const std::string& attributes) {
    return "input %x: float32[3,2]\n const %w: float32[2,2] = float32[2,2] {1, 2, 3, 4}\n const %c: " + bias +
           "\n %y: float32[3,2] = Gemm(%x, %w, %c) {" + attributes + "}\n output %y: float32[3,2]";
  };
  const auto prepared_gemm = [&](const std::string& bias, const std::string& attributes) {
    Graph graph = graph_of(gemm(bias, attributes));
    CHECK(prepared(gemm(bias, attributes), ramp({3, 2})) == (prepare(graph), ops_of(graph)));
    return graph;
  };
  const Graph row = prepared_gemm("float32[1,2] = float32[1,2] {5, 6}", "alpha = 2f, beta = 0.5f, transB = 1");
  CHECK(ops_of(row) == "Gemm");
  CHECK(row.node(0).float_or("alpha", 1) == 1);
  CHECK(row.node(0).float_or("beta", 1) == 1);
  CHECK(row.value(row.node(0).input(1)).initializer == Tensor::of<float>({2, 2}, {2.0f, 4.0f, 6.0f, 8.0f}));
  CHECK(row.value(row.node(0).input(2)).initializer == Tensor::of<float>({2}, {2.5f, 3.0f}));
  const Graph one = prepared_gemm("float32[] = float32[] {5}", "alpha = 1f");
  CHECK(one.value(one.node(0).input(2)).initializer == Tensor::of<float>({2}, {5.0f, 5.0f}));
  const Graph column = prepared_gemm("float32[3,1] = float32[3,1] {1, 2, 3}", "beta = 2f");
  CHECK(ops_of(column) == "Gemm Add");
  CHECK(column.value(column.outputs[0]).name == "y");
}

TEST_CASE("a weight with axes of one in front becomes a matrix", "[passes]") {
  Graph graph = graph_of(R"(input %x: float32[1,3,2]
    const %w: float32[1,2,2] = float32[1,2,2] {1, 2, 3, 4}
    %y: float32[1,3,2] = MatMul(%x, %w)
    output %y: float32[1,3,2])");
  const std::vector<double> before = to_doubles(evaluate(graph, {{"x", ramp({1, 3, 2})}})[0]);
  prepare(graph);
  CHECK(graph.value(graph.node(0).input(1)).initializer.shape() == Shape{2, 2});
  CHECK(to_doubles(evaluate(graph, {{"x", ramp({1, 3, 2})}})[0]) == before);

  Graph wider = graph_of(R"(input %x: float32[3,2]
    const %w: float32[1,2,2] = float32[1,2,2] {1, 2, 3, 4}
    %y: float32[1,3,2] = MatMul(%x, %w)
    output %y: float32[1,3,2])");
  prepare(wider);
  CHECK(evaluate(wider, {{"x", ramp({3, 2})}})[0].shape() == Shape{1, 3, 2});
}

TEST_CASE("half-precision values become float32, ports keep their types", "[passes]") {
  Graph graph = graph_of(R"(input %x: float16[N,2]
    const %w: float16[2,2] = float16[2,2] {1, 0.5, 2, 0.25}
    %m: float16[N,2] = MatMul(%x, %w)
    %f: float32[N,2] = Cast(%m) {to = 1}
    %h: float16[N,2] = Cast(%f) {to = 10}
    %y: float16[N,2] = Relu(%h)
    output %y: float16[N,2])");
  const Tensor x = cast(ramp({3, 2}), DType::Float16);
  const std::vector<double> before = to_doubles(evaluate(graph, {{"x", x}})[0]);
  prepare(graph);
  CHECK(ops_of(graph) == "Cast MatMul Relu Cast");
  CHECK(graph.value(graph.inputs[0]).type.dtype == DType::Float16);
  CHECK(graph.value(graph.outputs[0]).type.dtype == DType::Float16);
  CHECK(graph.value(graph.outputs[0]).name == "y");
  for (const Value& value : graph.values)
    if (value.initializer.defined()) CHECK(value.initializer.dtype() == DType::Float32);
  const Tensor after = evaluate(graph, {{"x", x}})[0];
  CHECK(after.dtype() == DType::Float16);
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(std::fabs(to_doubles(after)[i] - before[i]) < 2e-3);
}

TEST_CASE("half-precision values of subgraphs become float32 with the others", "[passes]") {
  Graph graph = graph_of(R"(input %x: float16[2]
    input %c: bool[]
    %a: float16[2] = Relu(%x)
    %y: float16[2] = If(%c) {then_branch = graph "t" { capture %a
      const %w: float16[2] = float16[2] {1, 0.5}
      %i: float16[2] = Mul(%a, %w)
      output %i }, else_branch = graph "e" { capture %a
      %j: float16[2] = Neg(%a)
      output %j }}
    output %y: float16[2])");
  prepare(graph);
  std::size_t seen = 0;
  for (const Node& node : graph.nodes)
    for_each_subgraph(node, [&](const Subgraph& subgraph) {
      for (const Value& value : subgraph->values) {
        INFO(value.name);
        if (value.initializer.defined()) CHECK(value.initializer.dtype() == DType::Float32);
        if (value.type.is_tensor()) CHECK(value.type.dtype == DType::Float32);
        seen += value.initializer.defined();
      }
    });
  CHECK(seen == 1);
}

TEST_CASE("doubles become float32 where weights are, and stay where they only sum up", "[passes]") {
  const auto network = [](const char* weights) {
    return graph_of(std::string("input %x: float64[2,2]\n const %w: ") + weights +
                    "\n %f: float32[2,2] = Cast(%x) {to = 1}\n %d: float64[2,2] = Cast(%f) {to = 11}\n" +
                    "%m = MatMul(%d, %w)\n %y: float64[2,2] = Cast(%m) {to = 11}\n output %y: float64[2,2]");
  };
  Graph weighted = network("float64[2,2] = float64[2,2] {1, 0.5, 2, 0.25}");
  weighted.value(weighted.find("m")).type = ValueType::tensor(DType::Float64, Shape{2, 2});
  const Tensor x = cast(ramp({2, 2}), DType::Float64);
  const std::vector<double> before = to_doubles(evaluate(weighted, {{"x", x}})[0]);
  prepare(weighted);
  const Tensor after = evaluate(weighted, {{"x", x}})[0];
  CHECK(after.dtype() == DType::Float64);
  CHECK(weighted.value(weighted.inputs[0]).type.dtype == DType::Float64);
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(std::fabs(to_doubles(after)[i] - before[i]) < 1e-6);
  for (const Value& value : weighted.values)
    if (value.initializer.defined()) CHECK(value.initializer.dtype() == DType::Float32);

  Graph summed = graph_of(R"(input %x: float32[2,2]
    const %one: float64[2,2] = float64[2,2] {1, 2, 3, 4}
    %d: float64[2,2] = Cast(%x) {to = 11}
    %s: float64[2,2] = Add(%d, %one)
    %y: float32[2,2] = Cast(%s) {to = 1}
    output %y: float32[2,2])");
  prepare(summed);
  CHECK(ops_of(summed) == "Cast Add Cast");
}

TEST_CASE("defaults of inputs become constants", "[passes]") {
  Graph graph = graph_of(R"(input %x: float32[2]
    const %w: float32[2] = float32[2] {1, 2}
    %y = Mul(%x, %w)
    output %y)");
  graph.inputs.push_back(graph.find("w"));
  CHECK(!graph.is_constant(graph.find("w")));
  prepare(graph);
  CHECK(graph.inputs.size() == 1);
  CHECK(graph.is_constant(graph.find("w")));
}

TEST_CASE("sparse initializers become dense, flat or by coordinates", "[passes]") {
  const auto numbers = [](std::vector<std::int64_t> values, Shape shape) {
    return Tensor::of<std::int64_t>(std::move(shape), values);
  };
  for (const Tensor& indices : {numbers({1, 5}, {2}), numbers({0, 1, 1, 2}, {2, 2})}) {
    Graph graph = graph_of(R"(input %x: float32[2,3]
      const %w: float32[2,3] = float32[2,3] {0, 0, 0, 0, 0, 0}
      %y = Mul(%x, %w)
      output %y)");
    Value& w = graph.value(graph.find("w"));
    w.initializer = {};
    w.sparse_initializer =
        std::make_shared<const SparseTensor>(SparseTensor{Tensor::of<float>({2}, {7.0f, -3.0f}), indices, {2, 3}});
    prepare(graph);
    const Tensor& made = graph.value(graph.find("w")).initializer;
    CHECK(to_doubles(made) == std::vector<double>{0, 7, 0, 0, 0, -3});
  }
  Graph beyond =
      graph_of("input %x: float32[2]\n const %w: float32[2] = float32[2] {0, 0}\n %y = Mul(%x, %w)\n output %y");
  Value& w = beyond.value(beyond.find("w"));
  w.initializer = {};
  w.sparse_initializer =
      std::make_shared<const SparseTensor>(SparseTensor{Tensor::of<float>({1}, {7.0f}), numbers({2}, {1}), {2}});
  CHECK_THROWS_AS(prepare(beyond), Error);
}

}  // namespace
TEST_CASE("a recorded preparation is replayed in its order, or says which pass is gone") {
  const std::vector<std::string> record{"remove-dead-code 1", "densify 1"};
  const std::vector<Pass> found = replayed(record);
  REQUIRE(found.size() == 2);
  CHECK(recorded(found) == record);
  CHECK(recorded(replayed(recorded(passes()))) == recorded(passes()));
  for (const std::string gone : {"densify 2", "densify", "no-such-pass 1"}) {
    INFO(gone);
    try {
      replayed(std::vector{gone});
      FAIL_CHECK("it was found");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::Quantization);
      CHECK(error.message().find("'" + gone + "', which this program does not have") != std::string::npos);
    }
  }
}

}  // namespace bw
