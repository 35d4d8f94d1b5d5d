// A model as every command starts with it: read, verified, prepared, and what kind of network it is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
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
  std::vector<std::string> preparation = {};  // as a plan records it; empty: by all passes that there are
};

// Errors: those of the format's reader; InputError(semantic) for a weight that is NaN, (unsupported) for versions of
// ONNX that are newer than the runtime takes and cannot be brought down.
LoadedModel load_model(const std::filesystem::path& path, const IntakeOptions& options = {});
Graph prepared(const Graph& original, std::span<const Pass> passes = passes());
// As a plan's base says. Error(Quantization) when it is another model's, or was made with a pass that is gone.
LoadedModel load_model_for(const std::filesystem::path& path, const PlanBase& base);

// An error that says nothing of a place, said of this model.
Error about(const LoadedModel& model, const Error& error);

// Opens the data that a model is to be run on. InputError(data) also for labels beyond the classes that its first
// output tells apart.
Dataset open_data_for(const LoadedModel& model, const std::filesystem::path& data, OpenOptions options);

// Nodes of a model that work on codes already, by how their codes came to be.
struct QuantizedNodes {
  std::string form;  // "Q/DQ", "QOperator", "dynamic", "weights in blocks"
  std::string op;
  std::vector<std::string> names;
};
std::vector<QuantizedNodes> quantized_nodes(const Graph& graph);
// "Q/DQ: 6 DequantizeLinear, 4 QuantizeLinear; dynamic: 1 MatMulInteger"; empty when there are none.
std::string to_sentence(const std::vector<QuantizedNodes>& all);

// Nodes in the bodies of If, Loop and Scan whose operator takes a weight, and has a constant one.
struct BodyWeights {
  std::string node, op;  // which holds the body
  std::size_t count = 0;
};
std::vector<BodyWeights> weights_in_bodies(const Graph& graph);
// "2 weights in the body of 'If_0' (If)"; empty when there are none.
std::string to_sentence(const std::vector<BodyWeights>& bodies);

// The requirement's ModelArchitectureInfo.
struct Architecture {
  std::string type;  // transformer, cnn, rnn, mlp, mixed (more than one of these), other (none of them)
  std::uint64_t parameters = 0;
  std::uint64_t multiply_accumulates = 0;        // of one sample, where shapes are known
  std::map<std::string, bool> compatibility;     // by recipe group: does the target have kernels for part of it
  std::vector<std::string> recommended_methods;  // recipes, best first
};
Architecture architecture(const LoadedModel& model, const Target& target);

// Why each recipe that bench tries, in the order of the groups, would change nothing of the model; empty: it fits.
struct RecipeFit {
  std::string recipe, group, misfit;
};
std::vector<RecipeFit> fits(const LoadedModel& model, const Target& target);

}  // namespace bw
