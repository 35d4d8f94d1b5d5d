// A small classifier and data for it, so that the tests of the jobs know every number.
#pragma once

#include <vector>

#include "archive/make.h"
#include "badinput/sketch.h"
#include "base/file.h"
#include "data/dataset.h"
#include "folder.h"
#include "format/onnx/onnx.h"

namespace bw::test {

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

}  // namespace bw::test
