// The catalog of formats: what a file is read from and written to. An entry is a folder here and a line in format.cpp.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "graph/graph.h"
#include "graph/verify.h"

namespace bw {

struct ReadOptions {
  bool verify = true;  // false: only for tests that must get past the verifier
  GraphLimits limits = {};
};

struct Format {
  std::string_view name, says, extension;          // "onnx", one line for people, ".onnx"
  bool (*sniff)(std::span<const std::byte> head);  // do a file's first bytes (up to 4096) look like this format
  Graph (*read)(const fs::path& path, const ReadOptions& options);
  void (*write)(const Graph& graph, const fs::path& path);
  std::vector<fs::path> (*files)(const fs::path& path);  // what has to be shipped: the model and what it refers to
};

std::span<const Format> formats();
// By the file's content. InputError(format) when no format knows it, with the formats there are.
const Format& format_of(const fs::path& path);

// Bytes of all files that a model consists of.
std::uint64_t shipped_bytes(const fs::path& path);
std::uint64_t total_bytes(std::span<const fs::path> files);

// Reads a file of any format, writes one of the format that the extension names (UsageError when none does).
Graph read_model(const fs::path& path, const ReadOptions& options = {});
void write_model(const Graph& graph, const fs::path& path);

}  // namespace bw
