// The main job: from models and data to measured candidates, a Pareto front and a recommendation.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "bench/candidate.h"
#include "bench/findings.h"
#include "bench/limits.h"
#include "data/dataset.h"

namespace bw {

struct BenchOptions {
  std::vector<std::filesystem::path> models;
  std::filesystem::path data;
  std::filesystem::path output;  // OUT/candidates/MODEL/NAME/ gets each candidate
  std::vector<Recipe> recipes;
  std::string_view target = "onnxruntime-cpu";
  std::vector<std::string> runtimes;  // that candidates are measured in; empty: the target's
  OpenOptions open;                   // which splits
  IntakeOptions intake;               // how models are read
  WorkerLimits worker;
  std::size_t calibration_samples = 1000;
  std::size_t evaluation_samples = 0;  // 0: all
  bool balanced = false;               // as many samples of each class where not all are taken
  double latency_seconds = 3;          // of paired runs for each candidate
  std::string eval_command;            // the user's own metric (bench/own_metric.h); empty: the data's
  bool resume = false;                 // take finished steps from an earlier run into the same folder
  bool baseline = true;                // measure the float model and compare with it
  bool quick = false;                  // stop after the first, short measurement
  Constraints constraints;
  int threads = 1;
  std::uint64_t seed = 0;
  std::string command;  // for the report
};

// In which candidates are measured. The first has the float model that all are compared with, and tries the files.
std::vector<std::string> measured_runtimes(const BenchOptions& options);

// What is known before anything is measured: the machine and the command; a model and its data.
Findings start_findings(const BenchOptions& options);
ModelFindings describe(const LoadedModel& model, const Dataset& dataset, const BenchOptions& options);

// Who wants to see what is found while it is found.
struct BenchListener {
  std::function<void(const ModelFindings&)> begin;  // a model's candidates are made, the short measurement begins
  std::function<void(const ModelFindings&, const CandidateFindings&)> row;  // a candidate has its first figures
  // The short measurement is over and judged; the full one begins and takes about so many seconds.
  std::function<void(const ModelFindings&, double seconds)> quick_done;
  std::function<void(const Findings&)> model_done;  // with everything found so far
};

// A candidate that cannot be made, dies or hangs is a row of the findings; errors of model or data end the run. Each
// model is measured twice: shortly, so that there is something to see soon, then in full.
Findings bench(const BenchOptions& options, const BenchListener& listener = {});

}  // namespace bw
