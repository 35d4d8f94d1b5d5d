#include "target/lower/onnxruntime.h"

#include "target/lower/steps.h"

namespace bw {

Artifact lower_for_onnxruntime(const Graph& canonical, const LowerOptions& options) {
  Graph graph = canonical;
  {
    Rewriter rewriter(graph);
    lower_weight_only(rewriter, options.accuracy_level);
    lower_embeddings(rewriter);
    lower_dynamic_products(rewriter);
    lower_dynamic_recurrent(rewriter);
    if (options.form == IntegerForm::QOperator) lower_to_qoperators(rewriter);
    rewriter.finish();
  }
  for (const Node& node : graph.nodes)
    if (node.domain == kMicrosoft) graph.opsets[std::string(kMicrosoft)] = 1;
  return {.graph = std::move(graph), .extension = ".onnx"};
}

}  // namespace bw
