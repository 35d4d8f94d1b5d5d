// ONNX files: reading into a Graph, writing a Graph, and what the onnx C++ library does for us on a graph.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "format/format.h"
#include "graph/graph.h"

namespace bw::onnx {

// The entry of the format catalog.
Format format();

// True when the bytes look like an ONNX model.
bool sniff(std::span<const std::byte> head);

// Reads a model (opsets 7 to newest). External data stay mapped; tensors inside the file are copied once, because they
// do not lie at addresses their types need. Nodes are sorted, nodes without or with another's name get one of their
// own, values of subgraphs that shadow outer ones are renamed, initializers of IR 3 leave the inputs; what changed is
// said. InputError with the class of the fault (the list of bad inputs: tests/badinput).
Graph read(const fs::path& path, const ReadOptions& options = {});
Graph parse(std::span<const std::byte> bytes, const fs::path& folder, const ReadOptions& options = {});

// The files that a model consists of: its own first, then those that its tensors name as external data, whatever they
// are called; each once. InputError(format) when it is no ONNX model.
std::vector<fs::path> files_of(const fs::path& path);

struct WriteOptions {
  // Initializers go to one file beside the model ("NAME.onnx.HASH.data") when their total is above this many bytes.
  std::uint64_t external_above = 1ull << 30;
  Proof proof = {};  // what it throws, write() throws: then nothing of the new model stays, and the old one does
};

// The same graph gives the same bytes. The model appears whole or not at all, and never with another model's data.
// Gives its files, as files_of() does.
std::vector<fs::path> write(const Graph& graph, const fs::path& path, const WriteOptions& options = {});
std::string serialize(const Graph& graph);  // Error(limit) above 2 GiB

// The model refers to its large tensors as external data in the file `location`.
inline constexpr const char* kDataInMemory = "memory";
Detached detach(const Graph& graph);

// Types of all values, by the onnx library's shape inference (falls back to what is known; never fails on odd models).
void infer_types(Graph& graph);
// The onnx library's checker: Error(semantic) with its message.
void check(const Graph& graph);
// Calls of the model's own functions become the functions' nodes, as far as their opsets fit the model's.
Graph inline_functions(const Graph& graph);
// Conversion to another opset of the default domain. Error(unsupported) with the library's message.
Graph convert_opset(const Graph& graph, std::int64_t opset);

}  // namespace bw::onnx
