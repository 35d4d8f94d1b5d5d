// The catalog of formats: what a file is read from and written to. An entry is a folder here and a line in format.cpp.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "graph/graph.h"
#include "graph/verify.h"

namespace bw {

struct ReadOptions {
  bool verify = true;  // false: only for tests that must get past the verifier
  GraphLimits limits = {};
  // Is told what was done to the model on the way in that its user should know, a sentence each.
  std::function<void(std::string note)> note = nullptr;
};

// Looks at a complete model before it takes its name: the model stands in its folder under another one.
using Proof = std::function<void(const fs::path&)>;

// A model in memory whose large tensors stand apart: one behind the other they are the data that a runtime gets beside
// the model (run/runtime.h). They lie in the graph's own memory. Tensors that are mapped from a file stay there: the
// model names these files, which are of one folder.
struct Detached {
  std::string model;
  std::vector<std::span<const std::byte>> parts;
  std::vector<fs::path> files = {};
};

// A model is a path, of a file or a folder, and the files that its format finds from there.
struct Format {
  std::string_view name, says, extension;  // "onnx", one line for people, ".onnx"
  // Does the model look like this format? `head`: the first bytes of a file, up to 4096; none of a folder.
  bool (*sniff)(const fs::path& path, std::span<const std::byte> head);
  Graph (*read)(const fs::path& path, const ReadOptions& options);
  // Gives the files that were written, as files() does. The model appears whole or not at all; what `proof` throws,
  // this throws: then nothing of the new model stays, and the old one does.
  std::vector<fs::path> (*write)(const Graph& graph, const fs::path& path, const Proof& proof);
  std::vector<fs::path> (*files)(const fs::path& path);  // what has to be shipped, the model's own file first
  Detached (*detach)(const Graph& graph);
};

std::span<const Format> formats();
// UsageError that lists the names when there is none of that name.
const Format& format_named(std::string_view name);
// By the model's content, else by its extension, so that the format that was meant says what is wrong with it.
// InputError(format) when no format knows it, with the formats there are.
const Format& format_of(const fs::path& path);

std::vector<fs::path> files_of(const fs::path& path);

// Bytes of all files that a model consists of.
std::uint64_t shipped_bytes(const fs::path& path);
std::uint64_t total_bytes(std::span<const fs::path> files);

// Reads a model of any format, writes one of the format that the extension names (UsageError when none does).
Graph read_model(const fs::path& path, const ReadOptions& options = {});
std::vector<fs::path> write_model(const Graph& graph, const fs::path& path, const Proof& proof = {});

}  // namespace bw
