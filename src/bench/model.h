// A model as every command starts with it: read, verified, prepared, and what kind of network it is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "format/format.h"
#include "graph/graph.h"
#include "target/target.h"

namespace bw {

struct LoadedModel {
  std::filesystem::path path;
  std::string name;         // file name without extension
  std::uint64_t bytes = 0;  // of the file and its external data
  std::string sha256;       // of the file
  Graph original;           // as read, with inferred types
  Graph prepared;           // what methods decide about: folded, typed, every node named
};

// Errors: those of the format's reader; InputError(semantic) for a weight that is NaN. What is read without verifying
// it is not prepared either: it could kill the onnx library as well as a runtime.
LoadedModel load_model(const std::filesystem::path& path, const ReadOptions& options = {});
Graph prepared(const Graph& original);

// Opens the data that a model is to be run on. InputError(data) also for labels beyond the classes that its first
// output tells apart.
Dataset open_data_for(const LoadedModel& model, const std::filesystem::path& data, OpenOptions options);

// The requirement's ModelArchitectureInfo.
struct Architecture {
  std::string type;  // transformer, cnn, rnn, mlp, mixed
  std::uint64_t parameters = 0;
  std::uint64_t multiply_accumulates = 0;        // of one sample, where shapes are known
  std::map<std::string, bool> compatibility;     // by recipe group: does the target have kernels for part of it
  std::vector<std::string> recommended_methods;  // recipes, best first
};
Architecture architecture(const Graph& prepared, const Target& target);

}  // namespace bw
