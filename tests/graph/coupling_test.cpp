// Every row's couplings against the interpreter, over small random instances. Those of ONNX Runtime's operators are
// held against the runtime: tests/format/coupling_test.cpp.
#include "graph/coupling_instances.h"
#include "graph/evaluate.h"
#include "graph/ops/op.h"

namespace bw {
namespace {

std::vector<Tensor> interpreted(const Graph& graph, const std::vector<Tensor>& inputs) {
  return evaluate_node(graph, graph.nodes[0], inputs).value();
}

TEST_CASE("what rows say of channels is so when the operator is computed", "[coupling]") {
  for (const test::Instance& one : test::instances()) {
    CAPTURE(one.op, one.attributes, one.inputs);
    test::CouplingCheck check(test::made(one, 7), interpreted);
    CHECK_FALSE(check.all().empty());
    check.run(one.quiet);
  }
}

TEST_CASE("every row that has couplings is checked, here or against the runtime", "[coupling]") {
  std::set<std::string> checked;
  for (const test::Instance& one : test::instances()) checked.insert(one.op);
  for (const test::Instance& one : test::runtime_instances()) checked.insert(one.op);
  for (const OpInfo& op : ops()) {
    const std::string prefix = op.domain.empty() ? "" : "\"" + std::string(op.domain) + "\":";
    CAPTURE(op.name);
    CHECK(checked.contains(prefix + std::string(op.name)) == (op.couple != nullptr));
  }
}

std::vector<Coupling> couplings_of(const test::Instance& one) {
  test::Case made = test::made(one, 7);
  infer(made.graph);
  return couplings(made.graph, made.graph.nodes[0]);
}

std::string text_of(const OperandAxis& axis) {
  return (axis.is_output ? "y" : "x") + std::to_string(axis.operand) + "." + std::to_string(axis.axis);
}

// "each x1.0 y0.1", with "/outer,inner", "+offset" and "#groups" where they say something.
std::string text_of(const Coupling& one) {
  static const std::string kWords[] = {"each", "mixed", "summed", "grouped", "gated"};
  std::string text = kWords[static_cast<std::size_t>(one.tie)] + " " + text_of(one.a) + " " + text_of(one.b);
  if (one.outer != 1 || one.inner != 1) text += "/" + std::to_string(one.outer) + "," + std::to_string(one.inner);
  if (one.offset != 0) text += "+" + std::to_string(one.offset);
  if (one.groups != 1) text += "#" + std::to_string(one.groups);
  return text;
}

std::set<std::string> said_of(const test::Instance& one) {
  std::set<std::string> all;
  for (const Coupling& coupling : couplings_of(one)) all.insert(text_of(coupling));
  return all;
}

TEST_CASE("the axis of a weight that carries channels is one that is coupled with an output", "[coupling]") {
  std::vector<test::Instance> all = test::instances();
  for (const test::Instance& one : test::runtime_instances()) all.push_back(one);
  for (const test::Instance& one : all) {
    const test::Case made = test::made(one, 7);
    const Node& node = made.graph.nodes[0];
    const OpInfo* op = find_op(node);
    if (!op->weight_channel_axis) continue;
    CAPTURE(one.op, one.attributes, one.inputs);
    const auto& weight = made.inputs[static_cast<std::size_t>(op->weight_input)];
    const auto axis = op->weight_channel_axis(node, static_cast<int>(weight.rank()));
    const std::vector<Coupling> found = couplings_of(one);
    const bool coupled = std::any_of(found.begin(), found.end(), [&](const Coupling& coupling) {
      const OperandAxis wanted{false, op->weight_input, axis.value_or(-1)};
      return (coupling.tie == Tie::Each || coupling.tie == Tie::Gated) &&
             (coupling.a == wanted || coupling.b == wanted);
    });
    CHECK(coupled == axis.has_value());
  }
}

using Said = std::set<std::string>;

TEST_CASE("all that can be said of a layer is said", "[coupling]") {
  CHECK(said_of({"Conv", {"float32[2,4,5,5]", "float32[6,2,3,3]", "float32[6]"}, "group = 2"}) ==
        Said{"each x0.0 y0.0", "each x1.0 y0.1", "each x2.0 y0.1", "summed x1.1 x0.1/2,1", "grouped x0.1 y0.1#2"});
  CHECK(said_of({"Conv", {"float32[2,4,5,5]", "float32[8,1,3,3]"}, "group = 4"}) ==
        Said{"each x0.0 y0.0", "each x1.0 y0.1", "grouped x0.1 y0.1#4"});
  CHECK(said_of({"ConvTranspose", {"float32[2,4,3,3]", "float32[4,3,2,2]"}, "group = 2"}) ==
        Said{"each x0.0 y0.0", "each x1.1 y0.1/2,1", "summed x1.0 x0.1", "grouped x0.1 y0.1#2"});
  CHECK(said_of({"Gemm", {"float32[4,2]", "float32[3,4]", "float32[3]"}, "transA = 1, transB = 1"}) ==
        Said{"each x0.1 y0.0", "each x1.0 y0.1", "each x2.0 y0.1", "summed x1.1 x0.0"});
  CHECK(said_of({"MatMul", {"float32[2,3,4]", "float32[2,4,5]"}}) ==
        Said{"each x0.0 y0.0", "each x1.0 y0.0", "each x0.1 y0.1", "each x1.2 y0.2", "summed x1.1 x0.2"});
  CHECK(said_of({"Concat", {"float32[2,3]", "float32[2,4]"}, "axis = 1"}) ==
        Said{"each x0.0 y0.0", "each x1.0 y0.0", "each x0.1 y0.1", "each x1.1 y0.1+3"});
  CHECK(said_of({"Flatten", {"float32[2,3,4]"}}) == Said{"each x0.0 y0.0", "each x0.1 y0.1/1,4", "each x0.2 y0.1/3,1"});
  CHECK(said_of({"Reshape", {"float32[6,4]", "int64[3] {2, 3, 4}"}}) ==
        Said{"each y0.0 x0.0/1,3", "each y0.1 x0.0/2,1", "each x0.1 y0.2"});
  CHECK(
      said_of({"LSTM", {"float32[3,2,5]", "float32[1,16,5]", "float32[1,16,4]", "float32[1,32]"}, "hidden_size = 4"}) ==
      Said{"each x0.1 y0.2", "gated y0.3 x1.1/4,1", "gated y0.3 x2.1/4,1", "gated y0.3 x3.1/8,1", "summed x2.2 y0.3",
           "summed x1.2 x0.2"});
  CHECK(said_of({"Softmax", {"float32[2,3]"}}) == Said{"each x0.0 y0.0", "mixed x0.1 y0.1"});
}

TEST_CASE("nothing is said of axes that interleave, are folded or are of one element", "[coupling]") {
  CHECK(couplings_of({"Reshape", {"float32[4,3,4]", "int64[3] {2, -1, 3}"}}).empty());
  CHECK(couplings_of({"ReduceSum", {"float32[3]"}}).empty());
  CHECK(couplings_of({"Relu", {"float32[1,1]"}}).empty());
  CHECK(couplings_of({"CumSum", {"float32[2,3]", "int64[] {0}"}}).empty());
}

TEST_CASE("symbols are coupled where they are the same", "[coupling]") {
  Graph graph = parse_graph(
      "ir_version 10\nopset \"\" 22\ngraph \"g\" {\ninput %x: float32[N,S,8]\nconst %t: int64[4] = int64[4] {0, 0, 2, "
      "4}\n%y = Reshape(%x, %t)\noutput %y\n}");
  infer(graph);
  const std::vector<Coupling> found = couplings(graph, graph.nodes[0]);
  REQUIRE(found.size() == 4);  // N, S, and the two parts of the width
  CHECK(found[2].slices(1, 2) == std::vector<std::int64_t>{4, 5, 6, 7});
  CHECK(found[3].slices(1, 4) == std::vector<std::int64_t>{1, 5});
}

}  // namespace
}  // namespace bw
