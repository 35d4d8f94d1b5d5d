// Why a node runs in float, rule by rule, and times of several visits.
#include "explain/timing.h"

#include <catch2/catch_test_macros.hpp>

#include "badinput/sketch.h"

namespace bw {
namespace {

using test::Sketch;

// DequantizeLinear -> `op` -> maybe QuantizeLinear, with codes of `dtype`.
struct Between {
  Sketch s;
  ValueId scale, zero;
  explicit Between(DType dtype = DType::UInt8)
      : scale(s.constant("scale", Tensor::scalar(0.5f))),
        zero(s.constant("zero",
                        dtype == DType::UInt8 ? Tensor::scalar(std::uint8_t{0}) : Tensor::scalar(std::uint16_t{0}))) {}
  ValueId decoded(const std::string& name, DType dtype = DType::UInt8) {
    return s.node("DequantizeLinear", {s.input(name + "_codes", dtype, {1, 4}), scale, zero}, {}, name);
  }
  ValueId coded(ValueId value, const std::string& name) {
    return s.node("QuantizeLinear", {value, scale, zero}, {}, name);
  }
};

std::string why(const Graph& graph, const std::string& output) {
  for (const Node& node : graph.nodes)
    if (graph.value(node.output(0)).name == output) return why_in_float(graph, node);
  return "no such node";
}

TEST_CASE("why a node between codes runs in float") {
  {
    Between b;
    const ValueId sum = b.s.node("Add", {b.decoded("a"), b.decoded("b")}, {}, "sum");
    CHECK(why(b.s.with_output(b.coded(sum, "y")), "sum").empty());
  }
  {
    Between b(DType::UInt16);
    const ValueId sum = b.s.node("Add", {b.decoded("a", DType::UInt16), b.decoded("b", DType::UInt16)}, {}, "sum");
    CHECK(why(b.s.with_output(b.coded(sum, "y")), "sum") == "16-bit codes have no integer kernel");
  }
  {
    Between b;
    const ValueId tanh = b.s.node("Tanh", {b.decoded("a")}, {}, "t");
    CHECK(why(b.s.with_output(b.coded(tanh, "y")), "t") == "Tanh has no integer kernel");
  }
  {
    Between b;
    const ValueId sum = b.s.node("Add", {b.decoded("a"), b.s.input("skip", DType::Float32, {1, 4})}, {}, "sum");
    CHECK(why(b.s.with_output(b.coded(sum, "y")), "sum") == "its input 'skip' is not codes");
  }
  {
    Between b;
    const ValueId sum = b.s.node("Add", {b.decoded("a"), b.decoded("b")}, {}, "sum");
    CHECK(why(b.s.with_output(sum), "sum") == "its result is an output of the model");
  }
  {
    Between b;
    const ValueId sum = b.s.node("Add", {b.decoded("a"), b.decoded("b")}, {}, "sum");
    const ValueId tanh = b.s.node("Tanh", {sum}, {}, "t");
    CHECK(why(b.s.with_output(tanh), "sum") == "no QuantizeLinear stands between it and 'Tanh_4' (Tanh)");
  }
  {
    Between b;
    const ValueId sum = b.s.node("Add", {b.decoded("a"), b.decoded("b")}, {}, "sum");
    b.coded(sum, "codes");
    CHECK(why(b.s.with_output(b.s.node("Tanh", {sum}, {}, "t")), "sum") ==
          "'Tanh_5' (Tanh) reads its result in float as well");
  }
}

TEST_CASE("a node that reads no decoded codes is not in float for a reason") {
  Sketch s;
  CHECK(why(s.with_output(s.node("Tanh", {s.input("x", DType::Float32, {4})}, {}, "y")), "y").empty());
}

Profile visit(double conv, double add) {
  Profile profile;
  profile.runs = 2;
  for (const auto& [node, kernel, seconds] : {std::tuple{"conv", "QLinearConv", conv}, std::tuple{"add", "Add", add}})
    profile.nodes.push_back({.node = node, .op = "", .kernel = kernel, .seconds = seconds, .calls = 2});
  return profile;
}

TEST_CASE("the time of a node is the median of the visits, of one run, between the least and the most") {
  const VisitedProfiles profiles({visit(2, 1), visit(4, 1), visit(12, 1), visit(6, 1)});
  const Figure conv = profiles.of({"conv"});
  CHECK(conv.value == 2.5);
  CHECK(conv.interval->low == 1);
  CHECK(conv.interval->high == 6);
  CHECK(profiles.of({"conv", "add"}).value == 3);
  CHECK(profiles.total().value == 3);
  CHECK(!profiles.of({"relu"}).value);
  const std::string_view kernels[] = {"Add"};
  CHECK(profiles.of_kernels(kernels).value == 0.5);
  CHECK(profiles.kernel_of("conv") == "QLinearConv");
  CHECK(profiles.kernel_of("relu").empty());
  CHECK(is_integer_kernel("MatMulIntegerToFloat"));
  CHECK(!is_integer_kernel("MatMul"));
}

}  // namespace
}  // namespace bw
