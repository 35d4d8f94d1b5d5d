// The main job: from models and data to measured candidates, a Pareto front and a recommendation.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "bench/candidate.h"
#include "bench/findings.h"
#include "data/dataset.h"

namespace bw {

// What a worker process may take.
struct WorkerLimits {
  std::uint64_t memory = 0;  // bytes that it may map; 0: no limit
  double silence = 120;      // seconds without a word from it after which it is killed
};

struct BenchOptions {
  std::vector<std::filesystem::path> models;
  std::filesystem::path data;
  std::filesystem::path output;  // OUT/candidates/MODEL/NAME/ gets each candidate
  std::vector<Recipe> recipes;
  std::string_view target = "onnxruntime-cpu";
  OpenOptions open;  // which splits
  ReadOptions read;  // how models are read
  WorkerLimits worker;
  std::size_t calibration_samples = 1000;
  std::size_t evaluation_samples = 0;  // 0: all
  bool balanced = false;               // as many samples of each class where not all are taken
  double latency_seconds = 3;          // of paired runs for each candidate
  std::string eval_command;            // the user's own metric (bench/own_metric.h); empty: the data's
  bool resume = false;                 // take finished steps from an earlier run into the same folder
  bool baseline = true;                // measure the float model and compare with it
  Constraints constraints;
  int threads = 1;
  std::uint64_t seed = 0;
  std::string command;  // for the report
};

// What is known before anything is measured: the machine and the command; a model and its data.
Findings start_findings(const BenchOptions& options);
ModelFindings describe(const LoadedModel& model, const Dataset& dataset, const BenchOptions& options);

// Called when a model is done, with everything found so far.
using BenchProgress = std::function<void(const Findings&)>;

// A candidate that cannot be made, dies or hangs is a row of the findings; errors of model or data end the run.
Findings bench(const BenchOptions& options, const BenchProgress& model_done = {});

}  // namespace bw
