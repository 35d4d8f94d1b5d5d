// Text form of a graph, for people, diffs and tests. parse(print(g)) has the same content hash as g; docs and metadata
// are not printed.
//
//   ir_version 8
//   opset "" 17
//   producer "someone" "1"
//   graph "tiny" {
//     input %x: float32[N,4]
//     const %w: float32[4,2] = float32[4,2] {1, 0, 0, 1, 1, 0, 0, 1}   # many numbers: base64, a string a line
//     %y: float32[N,2] = Gemm(%x, %w, _) {alpha = 0.5f, transB = 0} @ "node name"
//     output %y
//   }
//
// A node without "@" is named after its first output. "_" is an input or output that is left out; another domain stands
// before the operator as "com.microsoft":Gelu(...).
#pragma once

#include <string>
#include <string_view>

#include "graph/graph.h"

namespace bw {

std::string print(const Graph& graph);
Graph parse_graph(std::string_view text, std::string_view where = "graph text");  // InputError(format) with line:column

}  // namespace bw
