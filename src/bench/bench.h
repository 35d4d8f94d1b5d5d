// The main job: from models and data to measured candidates, a Pareto front and a recommendation.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "bench/candidate.h"
#include "bench/findings.h"
#include "bench/measured.h"

namespace bw {

struct BenchOptions : MeasureOptions {
  std::vector<std::filesystem::path> models = {};
  std::filesystem::path output = {};  // OUT/candidates/MODEL/NAME/ gets each candidate
  std::vector<Recipe> recipes = {};
  std::string_view target = "onnxruntime-cpu";
  std::size_t calibration_samples = 1000;
  bool resume = false;   // take finished steps from an earlier run into the same folder
  bool baseline = true;  // measure the float model and compare with it
  bool quick = false;    // stop after the first, short measurement
  Constraints constraints = {};
};

// What is known before anything is measured: the machine and the command; a model and its data, and what fits it.
Findings start_findings(const MeasureOptions& options);
ModelFindings describe(const LoadedModel& model, const Dataset& dataset, const Target& target,
                       const MeasureOptions& options);

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
