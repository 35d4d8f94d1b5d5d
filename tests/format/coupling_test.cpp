// Couplings of ONNX Runtime's own operators, and of attention, against ONNX Runtime. tests/graph/coupling_test.cpp
// holds the others against the interpreter.
#include "format/ort_oracle.h"
#include "graph/coupling_instances.h"

namespace bw {
namespace {

std::vector<Tensor> by_runtime(const Graph& graph, const std::vector<Tensor>& inputs) {
  std::map<std::string, Tensor> given;
  const Node& node = graph.nodes[0];
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].defined()) given[graph.value(node.inputs[i]).name] = inputs[i];
  return test::computed_in_ort(graph, given);
}

TEST_CASE("what rows say of channels is so when ONNX Runtime computes the operator", "[coupling]") {
  for (const test::Instance& one : test::runtime_instances()) {
    CAPTURE(one.op, one.attributes, one.inputs);
    test::CouplingCheck check(test::made(one, 7), by_runtime);
    CHECK_FALSE(check.all().empty());
    CHECK_NOTHROW(check.run(one.quiet));
  }
}

}  // namespace
}  // namespace bw
