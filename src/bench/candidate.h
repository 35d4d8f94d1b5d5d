// One recipe carried out on one model: the plan, the file's graph, and what was left in float.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/findings.h"
#include "method/method.h"
#include "model/model.h"

namespace bw {

struct Candidate {
  std::string name;  // of its folder
  Recipe recipe;
  Plan plan;
  Artifact artifact;
  std::vector<FloatNode> float_nodes;
  std::uint64_t layers_quantized = 0, layers_total = 0;  // nodes with constant weights
  double seconds = 0;
};

// What methods may use of a model on this machine; without data.
Task task_for(const LoadedModel& model, const Target& target, std::uint64_t seed = 0);

// "int8-static(observer=mse)" -> "int8-static-observer-mse": safe as a folder's name.
std::string candidate_name(const Recipe& recipe);

// Error(Quantization) when the recipe changes nothing of this model, or the model is quantized already.
Candidate make_candidate(const Task& task, const Recipe& recipe);

// A written model as the report names it, with all of its files, its own first; paths are relative to `root`.
ArtifactFile described(const std::vector<std::filesystem::path>& files, const std::filesystem::path& root);

}  // namespace bw
