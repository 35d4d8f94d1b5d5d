// One model on its way through the main job: calibrated once for all recipes, made into candidates whose files are
// proven, measured shortly and then in full, judged.
#pragma once

#include "bench/bench.h"
#include "bench/checkpoint.h"
#include "bench/maker.h"
#include "bench/measured.h"
#include "bench/proven.h"
#include "observe/calibrate.h"

namespace bw {

// In the output folder: CANDIDATES/MODEL/NAME/ holds a candidate.
inline constexpr const char* kCandidates = "candidates";

class ModelBench {
 public:
  // `name`: what the model is called in this run.
  ModelBench(const std::filesystem::path& path, const std::string& name, const BenchOptions& options,
             Checkpoint& checkpoint);

  ModelFindings run(const BenchListener& listener);

 private:
  void note_data(const Looks& looks, CandidateFindings& row);
  Ports made(const Recipe& recipe, Trial& trial, CandidateFindings& row);
  void add_other_runtimes();
  std::filesystem::path file_of(const CandidateFindings& row) const;
  Plan plan_of(const CandidateFindings& row) const;
  double measure_quickly(const BenchListener& listener, const Effort& effort);
  void measure_fully(const BenchListener& listener, double expected);
  void measure_speed(Measurer& measurer);
  void doubt();
  void decide();

  const BenchOptions& options_;
  Checkpoint& checkpoint_;
  const LoadedModel model_;
  const Target& target_;
  const Dataset dataset_;
  Maker maker_;
  ModelFindings findings_;
  std::vector<std::string> hints_;  // where the labels say nothing of the model
  std::vector<Ports> ports_;        // of the candidates in findings_, in their order
};

}  // namespace bw
