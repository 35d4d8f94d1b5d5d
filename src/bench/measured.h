// Measuring the candidates of one model, each in its runtime against the float model in the first one.
#pragma once

#include <filesystem>
#include <map>
#include <optional>

#include "base/console.h"
#include "base/error.h"
#include "bench/checkpoint.h"
#include "bench/cost.h"
#include "bench/findings.h"
#include "bench/own_metric.h"
#include "bench/speed.h"
#include "data/dataset.h"
#include "measure/evaluate.h"
#include "measure/footprint.h"
#include "model/model.h"
#include "run/samples.h"

namespace bw {

// On what models are measured, and how.
struct MeasureOptions {
  std::filesystem::path data;
  OpenOptions open;      // which splits
  IntakeOptions intake;  // how models are read
  // That candidates are measured in. The first has the float model that all are compared with, and tries the files.
  std::vector<std::string> runtimes = {std::string(targets().front().runtime)};
  WorkerOptions worker;
  std::size_t evaluation_samples = 0;  // 0: all
  bool balanced = false;               // as many samples of each class where not all are taken
  double latency_seconds = 3;          // of paired runs for each candidate
  std::string eval_command;            // the user's own metric (bench/own_metric.h); empty: the data's
  int threads = 1;
  std::uint64_t seed = 0;
  std::string command;  // for the report
  const Console* console = &nobody();
};

// How much is done to measure one candidate.
struct Effort {
  std::size_t samples = 0;      // that accuracy is measured on; 0: all
  double latency_seconds = 3;   // of timed runs, over all visits
  std::size_t visits = 5;       // that can judge speed
  double warm_up = 0.2;         // seconds of each visit at least
  std::size_t least_turns = 2;  // of each visit, even where they take longer
  bool quick = false;           // says so of each part, and leaves out what the machine can do at most
};
Effort full_effort(const MeasureOptions& options);
// Enough to see what is worth a closer look: at most 256 samples, 0.15 seconds of runs in three visits, and no more
// samples than a second is enough for at `sample_seconds` each, but at least 16.
Effort quick_effort(const MeasureOptions& options, double sample_seconds);

class Measurer {
 public:
  Measurer(const LoadedModel& model, const Dataset& dataset, const MeasureOptions& options, const Effort& effort,
           Checkpoint& checkpoint);

  // Scores and memory of the float model. Call it before candidates are measured.
  void measure_float(ModelFindings& findings);
  // Fills the candidate's figures but speed, for which it pays a first visit. What goes wrong becomes its status and
  // reason. `findings.runtime` says where; where it says nothing, the float model's is filled in. `ports`: of the
  // float model, in the file.
  void measure(CandidateFindings& findings, const Plan& plan, const std::filesystem::path& file,
               const Ports& ports = {});
  // Speed takes several visits, which the caller spreads over the run.
  bool wants_visit(const CandidateFindings& findings) const;
  void visit(CandidateFindings& findings);
  std::size_t missing_visits() const { return speed_.missing_visits(); }
  // Pays the visits of the float model beside itself: for models none of whose candidates can be measured.
  void time_float();
  // What all visits so far say of speed: of the float model, of the control and of the candidates.
  void conclude(ModelFindings& findings);

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
  // What is measured, and what people call it.
  struct Subject {
    std::string name;
    Deployment model;
  };
  Subject float_subject() const { return {"float", float_}; }
  void measure_accuracy(CandidateFindings& findings, const Subject& subject);
  MetricFindings own_change(const std::filesystem::path& file) const;
  // Error(Quantization) that names output, counts and node.
  void require_finite(const AccuracyComparison& accuracy, const Evaluation& evaluation, const Deployment& model);
  std::string first_fault(const Evaluation& evaluation, const Deployment& model);
  void measure_size(CandidateFindings& findings, const Plan& plan, const Subject& subject);
  void conclude(CandidateFindings& findings, const Timing& original, const ControlNoise& noise);
  void pay_visit(CandidateFindings& findings);
  EvaluateOptions evaluating() const;
  Evaluation evaluated_float();
  Evaluation evaluated(const Subject& subject);
  Figure memory_of(const Subject& subject);
  Part part(const Subject& subject, std::string_view what) const;
  ModelFigures figures(Figure accuracy, Figure memory, std::uint64_t bytes) const;
  Cost cost_of_run(const Plan& plan) const;

  const LoadedModel& model_;
  const Deployment float_;
  const Dataset& dataset_;
  const MeasureOptions& options_;
  const Effort effort_;
  Checkpoint& checkpoint_;
  const std::string contents_;              // of the float model's files
  const std::vector<std::size_t> indices_;  // of the evaluation split
  SharedSamples samples_;
  Worker worker_;
  Speed speed_;
  struct Work {
    Cost cost;
    bool in_integers = false;
  };
  std::map<std::string, Work, std::less<>> work_;  // of one run, by candidate
  std::vector<JudgedOutput> outputs_;
  bool labels_count_ = true;  // whether they say anything of this model
  Evaluation float_evaluation_;
  std::optional<OwnScore> own_;  // of the float model, when the user has a metric of his own
  Figure float_memory_;
};

// "dies", "hangs", "cannot be done": what an error while making or measuring a candidate means for its row.
void note_failure(CandidateFindings& findings, const Error& error);

}  // namespace bw
