#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "graph/passes/list.h"
#include "graph/passes/pass.h"
#include "graph/verify.h"

namespace bw {

namespace {

constexpr Pass kPasses[] = {
    {"freeze-inputs", 1, "initializers that are also listed as inputs become constants", freeze_inputs},
    {"densify", 1, "sparse initializers become dense", densify},
    {"constant-nodes", 1, "Constant nodes become initializers", constant_nodes},
    {"as-float32", 1, "half precision, and double where weights have it, becomes float32 (up to float rounding)",
     as_float32},
    {"fold-shapes", 1, "what follows from known dimensions becomes constant", fold_shapes},
    {"fold-constants", 1, "nodes whose inputs are all constant are computed (up to float rounding)", fold_constants},
    {"remove-identities", 1, "nodes that give back their input are taken out", remove_identities},
    {"fold-batch-normalization", 1, "joins the weights of the layer before it (up to float rounding)",
     fold_batch_normalization},
    {"global-pooling", 1, "averages over the whole image become GlobalAveragePool (up to float rounding)",
     global_pooling},
    {"plain-products", 1, "Gemm without factors and with a vector as bias, MatMul with a matrix (up to float rounding)",
     plain_products},
    {"flatten-reshapes", 1, "a Reshape that flattens becomes Flatten", flatten_reshapes},
    {"remove-dead-code", 1, "nodes and constants that no output needs are taken out", remove_dead_code},
};

constexpr int kMostRounds = 1000;

}  // namespace

std::span<const Pass> passes() {
  return kPasses;
}

std::vector<PassRun> prepare(Graph& graph, std::span<const Pass> chosen) {
  std::vector<PassRun> runs;
  for (const Pass& pass : chosen) runs.push_back({pass.name, 0});
  bool changed = true;
  for (int round = 0; changed; ++round) {
    if (round == kMostRounds) throw Error(ErrorKind::Internal, "the passes do not come to an end");
    changed = false;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (!chosen[i].run(graph)) continue;
      changed = true;
      ++runs[i].changes;
      try {
        verify(graph);
      } catch (const Error& error) {
        throw Error(ErrorKind::Internal,
                    "pass '" + std::string(chosen[i].name) + "' broke the graph: " + error.message(), error.where());
      }
    }
  }
  return runs;
}

std::vector<std::string> recorded(std::span<const Pass> passes) {
  std::vector<std::string> record;
  for (const Pass& pass : passes) record.push_back(fmt::format("{} {}", pass.name, pass.version));
  return record;
}

std::vector<Pass> replayed(std::span<const std::string> record) {
  std::vector<Pass> found;
  const std::vector<std::string> known = recorded(kPasses);
  for (const std::string& entry : record) {
    const auto at = std::ranges::find(known, entry);
    if (at == known.end())
      throw Error(ErrorKind::Quantization,
                  fmt::format("the plan was made with the preparation '{}', which this program does not have", entry),
                  "", "Apply it with the bitwright that made it, or make a new plan with 'bitwright quantize'");
    found.push_back(kPasses[at - known.begin()]);
  }
  return found;
}

}  // namespace bw
