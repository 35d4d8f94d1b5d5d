// What oracles left in tests/golden/method: networks as methods get them, and what must come of them.
#pragma once

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "method/graphs.h"

namespace bw::test {

inline Graph golden_graph(const char* name) {
  Graph graph = onnx::read(fs::path(BW_GOLDEN) / "method" / name);
  onnx::infer_types(graph);
  prepare(graph);
  onnx::infer_types(graph);
  return graph;
}
inline Json golden_numbers(const char* name) {
  return parse_json(read_file(fs::path(BW_GOLDEN) / "method" / name), name);
}

}  // namespace bw::test
