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

// How much is done to measure one candidate.
struct Effort {
  std::size_t samples = 0;       // that accuracy is measured on; 0: all
  double latency_seconds = 3;    // of paired runs
  std::size_t least_pairs = 40;  // of runs, even where they take longer
  bool quick = false;            // says so of each part, and leaves out what the machine can do at most
};
Effort full_effort(const BenchOptions& options);
// Enough to see what is worth a closer look: at most 256 samples, a third of a second of runs,
// and no more samples than a second is enough for at `sample_seconds` each, but at least 16.
Effort quick_effort(const BenchOptions& options, double sample_seconds);

class Measurer {
 public:
  Measurer(const LoadedModel& model, const Dataset& dataset, const BenchOptions& options, const Effort& effort,
           Checkpoint& checkpoint);

  // Scores, memory and the A/A control of the float model. Call it before candidates are measured.
  void measure_float(ModelFindings& findings);
  // Fills the candidate's figures. What goes wrong becomes its status and reason.
  void measure(CandidateFindings& findings, const Plan& plan, const std::filesystem::path& file);

  std::uint64_t samples() const { return samples_.size(); }
  // Seconds that a candidate like this one takes with another effort: what it took so far, for more or fewer samples
  // and runs.
  double expected_seconds(const CandidateFindings& measured, const Effort& effort) const;

 private:
  void run_float(ModelFindings& findings);
  Figure float_accuracy(ModelFindings& findings);
  // The output that the labels are about; nullptr when there are none.
  const JudgedOutput* labelled() const;
  std::string doubt_of(const Figure& accuracy) const;
  // A model's file that is measured.
  struct Subject {
    std::string name;  // the candidate's, or "float"
    std::filesystem::path file;
    std::string sha256;
  };
  Subject float_subject() const { return {"float", *model_.runnable, model_.sha256}; }
  void measure_accuracy(CandidateFindings& findings, const Subject& subject);
  MetricFindings own_change(const std::filesystem::path& file) const;
  // Error(Quantization) that names output, counts and node.
  void require_finite(const AccuracyComparison& accuracy, const Evaluation& evaluation,
                      const std::filesystem::path& file);
  std::string first_fault(const Evaluation& evaluation, const std::filesystem::path& file);
  void measure_latency_of(CandidateFindings& findings, const Plan& plan, const Subject& subject);
  EvaluateOptions evaluating() const;
  Evaluation evaluated_float();
  Evaluation evaluated(const Subject& subject);
  Latency timed(const Subject& subject);
  Figure memory_of(const Subject& subject);
  Part part(const Subject& subject, std::string_view what) const;
  ModelFigures figures(Figure accuracy, const Timing& timing, Figure memory, std::uint64_t bytes) const;

  const LoadedModel& model_;
  const Dataset& dataset_;
  const BenchOptions& options_;
  const Effort effort_;
  Checkpoint& checkpoint_;
  const std::vector<std::size_t> indices_;  // of the evaluation split
  SharedSamples samples_;
  Worker worker_;
  std::vector<JudgedOutput> outputs_;
  bool labels_count_ = true;  // whether they say anything of this model
  Evaluation float_evaluation_;
  std::optional<OwnScore> own_;  // of the float model, when the user has a metric of his own
  Figure float_memory_;
};

// "dies", "hangs", "cannot be done": what an error while making or measuring a candidate means for its row.
void note_failure(CandidateFindings& findings, const Error& error);

}  // namespace bw
