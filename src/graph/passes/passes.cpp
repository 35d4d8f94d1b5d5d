#include <algorithm>

#include "base/error.h"
#include "graph/passes/list.h"
#include "graph/passes/pass.h"
#include "graph/verify.h"

namespace bw {

namespace {

constexpr Pass kPasses[] = {
    {"freeze-inputs", "initializers that are also listed as inputs become constants", freeze_inputs},
    {"densify", "sparse initializers become dense", densify},
    {"constant-nodes", "Constant nodes become initializers", constant_nodes},
    {"as-float32", "half precision, and double where weights have it, becomes float32 (up to float rounding)",
     as_float32},
    {"fold-shapes", "what follows from known dimensions becomes constant", fold_shapes},
    {"fold-constants", "nodes whose inputs are all constant are computed (up to float rounding)", fold_constants},
    {"remove-identities", "nodes that give back their input are taken out", remove_identities},
    {"fold-batch-normalization", "joins the weights of the layer before it (up to float rounding)",
     fold_batch_normalization},
    {"global-pooling", "averages over the whole image become GlobalAveragePool (up to float rounding)", global_pooling},
    {"plain-products", "Gemm without factors and with a vector as bias, MatMul with a matrix (up to float rounding)",
     plain_products},
    {"flatten-reshapes", "a Reshape that flattens becomes Flatten", flatten_reshapes},
    {"remove-dead-code", "nodes and constants that no output needs are taken out", remove_dead_code},
};

constexpr int kMostRounds = 1000;

}  // namespace

std::span<const Pass> passes() {
  return kPasses;
}

std::vector<PassRun> prepare(Graph& graph) {
  std::vector<PassRun> runs;
  for (const Pass& pass : passes()) runs.push_back({pass.name, 0});
  bool changed = true;
  for (int round = 0; changed; ++round) {
    if (round == kMostRounds) throw Error(ErrorKind::Internal, "the passes do not come to an end");
    changed = false;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (!passes()[i].run(graph)) continue;
      changed = true;
      ++runs[i].changes;
      try {
        verify(graph);
      } catch (const Error& error) {
        throw Error(ErrorKind::Internal,
                    "pass '" + std::string(passes()[i].name) + "' broke the graph: " + error.message(), error.where());
      }
    }
  }
  return runs;
}

}  // namespace bw
