// int8-dynamic: which nodes it takes, what their weights become, and why others stay.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "method/graphs.h"

using namespace bw;
using namespace bw::test;
using Catch::Approx;

namespace {

Graph lstm(const std::string& attributes, const std::string& more_inputs = "", const std::string& nodes = "") {
  return graph_of("  input %x: float32[S,N,2]\n" + weight("w", {1, 12, 2}, 1) + weight("r", {1, 12, 3}, 2) +
                  weight("b", {1, 24}, 3) + weight("p", {1, 9}, 4) + nodes + "  %y: float32 = LSTM(%x, " +
                  (nodes.empty() ? "%w" : "%ww") + ", %r, %b" + more_inputs + ") {hidden_size = 3" + attributes +
                  "} @ \"y\"\n  output %y: float32\n");
}

NodePlan decision(const Graph& graph, const std::string& recipe = "int8-dynamic", const char* node = "y") {
  const Plan plan = plan_of(graph, recipe);
  REQUIRE(plan.nodes.contains(node));
  return plan.nodes.at(node);
}

std::string reason(const Graph& graph) {
  const NodePlan found = decision(graph);
  CHECK(found.compute == Precision::Float32);
  CHECK(found.operands.empty());
  return found.reason;
}

}  // namespace

TEST_CASE("both weights of an LSTM are coded, with a scale for each row") {
  const NodePlan rows = decision(lstm(""));
  CHECK(rows.compute == Precision::Dynamic);
  CHECK(rows.reason.empty());
  REQUIRE(rows.operands.size() == 2);
  for (const auto& [position, width] : {std::pair{1, 2}, {2, 3}}) {
    const QParams& params = rows.operands.at(position);
    CHECK(
        params.scheme ==
        Scheme{
            .code = DType::Int8, .granularity = Granularity::Block, .axis = 2, .block_size = width, .symmetric = true});
    CHECK(params.scales.size() == 12);
  }
  const NodePlan whole = decision(lstm(""), "int8-dynamic(per_channel=no)");
  CHECK(whole.operands.at(1).scales.size() == 1);
  CHECK(whole.operands.at(2).scales.size() == 1);
}

TEST_CASE("an LSTM that the kernel does not compute stays in float, and says why") {
  CHECK(reason(lstm("", ", _, _, _, %p")) == "peepholes have no integer kernel");
  for (const char* attribute :
       {", clip = 3f", ", activations = strings [\"Sigmoid\", \"Tanh\", \"Relu\"]", ", input_forget = 1"}) {
    INFO(attribute);
    CHECK(reason(lstm(attribute)) == "its attributes have no integer kernel");
  }
  CHECK(reason(lstm("", "", "  %m = ReduceMax(%x)\n  %ww: float32[1,12,2] = Mul(%w, %m)\n")) ==
        "its weights are not constant");
}

TEST_CASE("reduced weights have 7 bits") {
  const Graph graph = graph_of(
      "  input %x: float32[N,2]\n  const %w: float32[2,1] = float32[2,1] {1, 0.5}\n"
      "  %y: float32[N,1] = MatMul(%x, %w) @ \"y\"\n  output %y: float32[N,1]\n");
  CHECK(decision(graph).operands.at(1).scales.at(0) == Approx(1.0 / 127));
  CHECK(decision(graph).operands.at(1).scheme.granularity == Granularity::Channel);
  CHECK(decision(graph).operands.at(1).scheme.axis == 1);
  const QParams reduced = decision(graph, "int8-dynamic(reduced_range=yes)").operands.at(1);
  CHECK(reduced.scheme.reduced_range);
  CHECK(reduced.scales.at(0) == Approx(1.0 / 64));
  CHECK(decision(graph, "int8-dynamic(per_channel=no)").operands.at(1).scheme.granularity == Granularity::Tensor);
}

TEST_CASE("convolutions have no fast dynamic kernel, and other layers none of the kind") {
  const Graph graph = graph_of("  input %x: float32[N,4,4,4]\n" + weight("w", {4, 4, 1, 1}, 1) +
                               weight("v", {4, 2, 1, 1}, 2) + weight("m", {4, 4}, 3) +
                               "  %c: float32[N,4,4,4] = Conv(%x, %w) @ \"c\"\n"
                               "  %p: float32[N,4,4,4] = MatMul(%c, %m) @ \"p\"\n"
                               "  %t: float32[N,2,4,4] = ConvTranspose(%p, %v) @ \"t\"\n"
                               "  output %t: float32[N,2,4,4]\n");
  CHECK(decision(graph, "int8-dynamic", "c").reason == "Conv has no fast dynamic kernel");
  CHECK(decision(graph, "int8-dynamic", "p").compute == Precision::Dynamic);
  CHECK(decision(graph, "int8-dynamic", "t").reason == "ConvTranspose has no kernel of this kind on onnxruntime-cpu");
  CHECK(decision(graph, "weight-only", "c").reason == "Conv has no kernel of this kind on onnxruntime-cpu");
  CHECK(decision(graph, "int8-dynamic(keep_float=p)", "p").reason == "kept in float as asked");
}

TEST_CASE("foreign metadata on an LSTM with codes in its file changes nothing") {
  Graph graph = lstm("");
  graph.node(graph.find_node("y")).metadata = {{"namespace", "/encoder"}, {"pkg.torch.onnx.class_hierarchy", "[]"}};
  const Inputs inputs{{"x", numbers({3, 2, 2}, 7)}};
  const Graph dynamic = lowered(graph, "int8-dynamic");
  CHECK(sqnr(run(dynamic, inputs)[0], run(graph, inputs)[0]) > 25);
  const Graph kept = lowered(graph, "bf16(min_size=1)");
  for (const Node& node : kept.nodes) CHECK(node.domain.empty());
}
