#include "bench/model.h"

#include <fmt/format.h>

#include <set>

#include "base/file.h"
#include "base/hash.h"
#include "format/onnx/onnx.h"
#include "graph/passes/pass.h"

namespace bw {
namespace {

// Plans speak of nodes by name.
void name_nodes(Graph& graph) {
  std::set<std::string> taken;
  for (const Node& node : graph.nodes) taken.insert(node.name);
  for (Node& node : graph.nodes) {
    if (!node.name.empty()) continue;
    const ValueId output = node.output(0);
    std::string name = output == kNoValue ? node.op_type : fmt::format("{}:{}", node.op_type, graph.value(output).name);
    while (!taken.insert(name).second) name += '_';
    node.name = name;
  }
}

std::uint64_t bytes_of(const fs::path& path) {
  std::uint64_t total = fs::file_size(path);
  const fs::path data = path.string() + ".data";
  if (fs::exists(data)) total += fs::file_size(data);
  return total;
}

}  // namespace

Graph prepared(const Graph& original) {
  Graph graph = original;
  prepare(graph);
  name_nodes(graph);
  onnx::infer_types(graph);
  return graph;
}

LoadedModel load_model(const fs::path& path) {
  LoadedModel model;
  model.path = path;
  model.name = path.stem().string();
  model.original = onnx::read(path);
  onnx::infer_types(model.original);
  model.bytes = bytes_of(path);
  model.sha256 = sha256_of_file(path);
  model.prepared = prepared(model.original);
  return model;
}

}  // namespace bw
