#include "target/lower/onnxruntime.h"

#include <algorithm>

#include "graph/passes/tie_constants.h"
#include "target/lower/steps.h"
#include "target/lowering.h"

namespace bw {

namespace {

// Kernels that pack their constants while they load. Without the runtime's optimizer, which computes what is made of
// constants before that, some of them (MatMulNBits) read zeros where they find no constant, and say nothing.
bool is_packed(const Graph& graph, ValueId id) {
  return std::ranges::any_of(graph.nodes, [&](const Node& node) {
    return node.domain == kMicrosoft && node.op_type != "GatherBlockQuantized" &&
           std::ranges::find(node.inputs, id) != node.inputs.end();
  });
}

}  // namespace

Artifact lower_for_onnxruntime(const Graph& canonical, const Arguments& arguments) {
  Graph graph = canonical;
  {
    Rewriter rewriter(graph);
    lower_weight_only(rewriter, static_cast<int>(arguments.integer(kAccuracyLevel.name)));
    lower_embeddings(rewriter);
    lower_tables(rewriter);
    lower_dynamic_products(rewriter);
    lower_dynamic_recurrent(rewriter);
    widen_narrow_codes(rewriter);
    decode_while_loading(rewriter);
    widen_unread_types(rewriter);
    if (arguments.text(kForm.name) == "qoperator") lower_to_qoperators(rewriter);
    rewriter.finish();
  }
  for (const Node& node : graph.nodes)
    if (node.domain == kMicrosoft) graph.opsets[std::string(kMicrosoft)] = 1;
  graph = with_opset_of_blocks(graph);
  tie_constants(graph, is_packed);
  return {.graph = std::move(graph), .format = "onnx"};
}

}  // namespace bw
