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
