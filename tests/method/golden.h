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

// What a plan multiplies a constant with along an axis; nothing where it does not.
inline std::vector<float> factors_of(const Plan& plan, const std::string& constant, int axis) {
  for (const Edit& edit : plan.edits)
    if (const auto* scale = std::get_if<ScaleConstant>(&edit);
        scale != nullptr && scale->constant == constant && scale->axis == axis)
      return scale->factors;
  return {};
}

}  // namespace bw::test
