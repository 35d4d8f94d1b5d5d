// A small classifier and data for it, so that the tests of the jobs know every number.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "archive/make.h"
#include "badinput/sketch.h"
#include "base/file.h"
#include "base/random.h"
#include "data/dataset.h"
#include "folder.h"
#include "format/onnx/onnx.h"
#include "run/deployment.h"
#include "run/samples.h"

namespace bw::test {

// A file in the runtime that is always there.
inline Deployment deployed(fs::path file) {
  return {std::move(file), "onnxruntime"};
}

// logits [batch, 3] = x [batch, 4] * weights [4, 3]
inline Graph classifier(const std::vector<float>& weights, Dim batch = {-1, "N"}) {
  Sketch s;
  const ValueId x = s.value("x", ValueType::tensor(DType::Float32, std::vector<Dim>{batch, Dim{4, {}}}));
  const ValueId w = s.constant("w", Tensor::of<float>({4, 3}, std::span<const float>(weights)));
  Graph graph = s.with_output(s.node("MatMul", {x, w}, {}, "logits"));
  graph.inputs = {x};
  return graph;
}

// A file of samples x [count, 4] with labels y.
inline Dataset dataset_of(const Folder& folder, const Graph& graph, const std::vector<float>& x,
                          const std::vector<std::int64_t>& y) {
  const auto count = static_cast<std::int64_t>(y.size());
  put(folder.path() / "samples.npz",
      zip({{.name = "x.npy", .content = npy(Tensor::of<float>({count, 4}, std::span<const float>(x)))},
           {.name = "y.npy", .content = npy(Tensor::of<std::int64_t>({count}, std::span<const std::int64_t>(y)))}}));
  OpenOptions options;
  options.allow_overlap = true;
  return open_dataset(folder.path() / "samples.npz", input_signatures(graph), options);
}

inline const std::vector<float> kWeights{1, 0, 0, 0, 1, 0, 0, 0, 1, 0.5, -0.5, 0.25};

// Random samples and labels.
struct Case {
  Folder folder;
  std::vector<float> x;
  std::vector<std::int64_t> y;
  Graph graph = classifier(kWeights);

  explicit Case(std::size_t count) {
    Random random(4);
    for (std::size_t i = 0; i < 4 * count; ++i) x.push_back(static_cast<float>(random.normal()));
    for (std::size_t i = 0; i < count; ++i) y.push_back(static_cast<std::int64_t>(random.below(3)));
  }
  Split split() const { return dataset_of(folder, graph, x, y).split("samples"); }
  SharedSamples samples() const {
    std::vector<std::size_t> all(y.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return {split(), all};
  }
  fs::path save(const std::vector<float>& weights, const char* name) const {
    onnx::write(classifier(weights), folder.path() / name);
    return folder.path() / name;
  }
  // Share of samples whose label is the largest of x * weights.
  double right(const std::vector<float>& weights) const {
    std::size_t hits = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      float logits[3] = {};
      for (std::size_t k = 0; k < 12; ++k) logits[k % 3] += x[4 * i + k / 3] * weights[k];
      hits += std::max_element(logits, logits + 3) - logits == y[i];
    }
    return static_cast<double>(hits) / static_cast<double>(y.size());
  }
};

}  // namespace bw::test
