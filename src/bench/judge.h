// Trying plans in memory on samples of their own.
#pragma once

#include <optional>

#include "base/file.h"
#include "bench/calibrations.h"
#include "measure/evaluate.h"
#include "method/judge.h"
#include "run/deployment.h"
#include "run/worker.h"

namespace bw {

// Samples of the calibration split that do not calibrate, in their order; none where all are needed to calibrate.
std::vector<std::size_t> judging_samples(const Split& split, const CalibrationChoice& choice);

class BenchJudge final : public Judge {
 public:
  // Both live as long as this. `choice` is what calibration takes, and leaves some samples.
  BenchJudge(const LoadedModel& model, const Dataset& dataset, const CalibrationChoice& choice);

  Retained retained(const Plan& plan) override;
  LatencyRatio latency(const Plan& plan) override;
  std::vector<NodeTime> profile(const Plan& plan) override;

 private:
  Deployment written(const Artifact& artifact) const;
  const Evaluation& evaluated_float();

  const LoadedModel& model_;
  const CalibrationChoice choice_;
  const Deployment float_;
  const TemporaryFolder folder_{"candidates that are tried"};
  SharedSamples samples_;
  Worker worker_;
  std::vector<JudgedOutput> outputs_;
  std::optional<Evaluation> evaluation_;  // of the float model
};

}  // namespace bw
