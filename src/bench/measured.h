// Measuring the candidates of one model, each against the float model.
#pragma once

#include <filesystem>
#include <optional>

#include "base/error.h"
#include "bench/bench.h"
#include "bench/checkpoint.h"
#include "bench/own_metric.h"
#include "measure/evaluate.h"
#include "measure/footprint.h"
#include "measure/latency.h"
#include "run/samples.h"

namespace bw {

class Measurer {
 public:
  Measurer(const LoadedModel& model, const Dataset& dataset, const BenchOptions& options, Checkpoint& checkpoint);

  // Scores, memory and the A/A control of the float model. Call it before candidates are measured.
  void measure_float(ModelFindings& findings);
  // Fills the candidate's figures. What goes wrong becomes its status and reason.
  void measure(CandidateFindings& findings, const Candidate& candidate, const std::filesystem::path& file);

  std::uint64_t samples() const { return samples_.size(); }

 private:
  void run_float(ModelFindings& findings);
  void compare_accuracy(CandidateFindings& findings, const std::filesystem::path& file);
  void compare_latency(CandidateFindings& findings, const Candidate& candidate, const std::filesystem::path& file);
  EvaluateOptions evaluating() const;
  Evaluation evaluated_float();
  // `sha256` is the file's.
  Evaluation evaluated(const std::filesystem::path& file, const std::string& sha256);
  Latency timed(const std::filesystem::path& file, const std::string& sha256);
  Figure memory_of(const std::filesystem::path& file, const std::string& sha256);
  std::string key(const std::string& sha256) const;
  ModelFigures figures(Figure accuracy, const Timing& timing, Figure memory, std::uint64_t bytes) const;

  const LoadedModel& model_;
  const Dataset& dataset_;
  const BenchOptions& options_;
  Checkpoint& checkpoint_;
  SharedSamples samples_;
  Worker worker_;
  Evaluation float_evaluation_;
  std::optional<OwnScore> own_;  // of the float model, when the user has a metric of his own
  Figure float_memory_;
};

// "dies", "hangs", "cannot be done": what an error while making or measuring a candidate means for its row.
void note_failure(CandidateFindings& findings, const Error& error);

}  // namespace bw
