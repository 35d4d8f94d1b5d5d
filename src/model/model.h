// A model as every command starts with it: read, verified, prepared.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/kept_files.h"
#include "data/dataset.h"
#include "format/format.h"
#include "graph/graph.h"
#include "graph/passes/pass.h"
#include "plan/plan.h"
#include "target/target.h"

namespace bw {

struct LoadedModel {
  std::filesystem::path path;
  // What runtimes load in its place: itself, or a temporary copy that goes with this, brought down to versions of ONNX
  // that the runtime takes.
  std::shared_ptr<const std::filesystem::path> runnable;
  std::string name;                // file name without extension
  std::uint64_t bytes = 0;         // of the file and its external data
  std::string sha256;              // of the file
  PlanBase base;                   // of plans for it
  Graph original;                  // as read, with inferred types
  Graph prepared;                  // what methods decide about: folded, typed, every node named
  std::vector<std::string> notes;  // what was done to it that its user should know
  KeptFiles kept;                  // its files are not written over
};

struct IntakeOptions {
  ReadOptions read;         // what is read without verifying it is not prepared: it could kill the onnx library
  bool requantize = false;  // methods get the floats that a quantized model's codes stand for
  // As a plan records it; nothing in it: the graph as it was read. Without it: every step that there is.
  std::optional<std::vector<std::string>> preparation = {};
  // To whose versions of ONNX newer models are brought down: what a plan is made of must not depend on where it is
  // tried.
  std::string_view runtime = targets().front().runtime;
};

// Errors: those of the format's reader; InputError(semantic) for a weight that is NaN, (unsupported) for versions of
// ONNX that are newer than the runtime takes and cannot be brought down.
LoadedModel load_model(const std::filesystem::path& path, const IntakeOptions& options = {});
Graph prepared(const Graph& original, std::span<const Pass> chosen = passes());
// As a plan's base says. Error(Quantization) when it is another model's, or was made with a pass that is gone.
LoadedModel load_model_for(const std::filesystem::path& path, const PlanBase& base);

// An error that says nothing of a place, said of this model.
Error about(const LoadedModel& model, const Error& error);

// Opens the data that a model is to be run on. InputError(data) also for labels beyond the classes that its first
// output tells apart.
Dataset open_data_for(const LoadedModel& model, const std::filesystem::path& data, OpenOptions options);

}  // namespace bw
