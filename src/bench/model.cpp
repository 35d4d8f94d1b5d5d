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
                  fmt::format("{}: tensor '{}'", path.string(), value.name), "Export the model again from weights that are finite");
  }
}

}  // namespace

std::uint64_t shipped_bytes(const fs::path& path) {
  const std::string name = path.filename().string();
  std::uint64_t total = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(path.has_parent_path() ? path.parent_path() : fs::path(".")))
    if (entry.is_regular_file() && entry.path().filename().string().starts_with(name)) total += entry.file_size();
  return total;
}

Graph prepared(const Graph& original) {
  Graph graph = original;
  prepare(graph);
  onnx::infer_types(graph);
  return graph;
}

LoadedModel load_model(const fs::path& path) {
  LoadedModel model;
  model.path = path;
  model.name = path.stem().string();
  model.original = onnx::read(path);
  refuse_nan(model.original, path);
  onnx::infer_types(model.original);
  model.bytes = shipped_bytes(path);
  model.sha256 = sha256_of_file(path);
  model.prepared = prepared(model.original);
  return model;
}

}  // namespace bw
