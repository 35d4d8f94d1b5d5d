#include "bench/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "format/onnx/onnx.h"
#include "graph/passes/pass.h"

namespace bw {
namespace {

// A NaN among the weights makes every figure meaningless; infinities are how masks are written.
void refuse_nan(const Graph& graph, const fs::path& path) {
  for (const Value& value : graph.values) {
    if (value.initializer.dtype() != DType::Float32) continue;
    const std::span<const float> x = value.initializer.data<float>();
    const auto nan = std::find_if(x.begin(), x.end(), [](float v) { return std::isnan(v); });
    if (nan != x.end())
      throw Error(InputClass::Semantic, fmt::format("the element at index {} is not a number (NaN)", nan - x.begin()),
                  fmt::format("{}: tensor '{}'", path.string(), value.name),
                  "Export the model again from weights that are finite");
  }
}

}  // namespace

Graph prepared(const Graph& original) {
  // Scales by channel came to QuantizeLinear with opset 13.
  constexpr std::int64_t kLeastOpset = 13;
  Graph graph = original.opset() < kLeastOpset ? onnx::convert_opset(original, kLeastOpset) : original;
  onnx::infer_types(graph);
  prepare(graph);
  onnx::infer_types(graph);
  return graph;
}

Dataset open_data_for(const LoadedModel& model, const fs::path& data, OpenOptions options) {
  options.outputs = output_signatures(model.original);
  return open_dataset(data, input_signatures(model.original), options);
}

LoadedModel load_model(const fs::path& path, const ReadOptions& options) {
  LoadedModel model;
  model.path = path;
  model.name = path.stem().string();
  model.original = onnx::read(path, options);
  refuse_nan(model.original, path);
  if (options.verify) onnx::infer_types(model.original);
  model.bytes = shipped_bytes(path);
  model.sha256 = sha256_of_file(path);
  model.prepared = options.verify ? prepared(model.original) : model.original;
  return model;
}

}  // namespace bw
