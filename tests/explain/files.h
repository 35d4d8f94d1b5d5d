// The golden networks and their samples.
#pragma once

#include <numeric>
#include <string>

#include "base/file.h"
#include "explain/explanation.h"
#include "model/model.h"

namespace bw::test {

inline LoadedModel golden_model(const std::string& name) {
  return load_model(fs::path(BW_GOLDEN) / "explain" / (name + ".onnx"));
}

inline SharedSamples golden_samples(const LoadedModel& model) {
  OpenOptions options;
  options.allow_overlap = true;
  const Split split =
      open_data_for(model, fs::path(BW_GOLDEN) / "explain" / (model.name + ".npz"), options).evaluation();
  std::vector<std::size_t> all(split.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return {split, all};
}

inline Explanation explained(const LoadedModel& original, const LoadedModel& quantized, int threads = 2) {
  SharedSamples samples = golden_samples(original);
  return explain(original, quantized, samples, {.threads = threads, .runtime = "onnxruntime"});
}

// By the float network's node; fails the test where there is none.
inline const ExplainedLayer& layer_named(const Explanation& explanation, const std::string& node) {
  for (const ExplainedLayer& layer : explanation.layers)
    if (layer.node == node) return layer;
  throw std::runtime_error("no layer " + node);
}

}  // namespace bw::test
