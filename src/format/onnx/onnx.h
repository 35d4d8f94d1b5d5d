// ONNX files: reading into a Graph, writing a Graph, and what the onnx C++ library does for us on a graph.
#pragma once

#include <filesystem>
#include <string>

#include "base/file.h"
#include "graph/graph.h"
#include "graph/verify.h"

namespace bw::onnx {

struct ReadOptions {
  bool verify = true;  // false: only for tests that must get past the verifier
  GraphLimits limits;
};

// True when the bytes look like an ONNX model.
bool sniff(std::span<const std::byte> head);

// Reads a model (opsets 7 to newest). Large raw tensors stay mapped from the file or from external data beside it.
// InputError with the class of the fault (reference: the list of bad inputs in tests/format).
Graph read(const fs::path& path, const ReadOptions& options = {});
Graph parse(std::span<const std::byte> bytes, const fs::path& folder, const ReadOptions& options = {});

struct WriteOptions {
  // Initializers go to one file beside the model ("NAME.onnx.data") when their total is above this many bytes.
  std::uint64_t external_above = 1ull << 30;
};

void write(const Graph& graph, const fs::path& path, const WriteOptions& options = {});
std::string serialize(const Graph& graph);  // Error(limit) above 2 GiB

// Types of all values, by the onnx library's shape inference (falls back to what is known; never fails on odd models).
void infer_types(Graph& graph);
// The onnx library's checker: Error(semantic) with its message.
void check(const Graph& graph);
// Conversion to another opset of the default domain. Error(unsupported) with the library's message.
Graph convert_opset(const Graph& graph, std::int64_t opset);

}  // namespace bw::onnx
