#include "bench/judge.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "bench/accuracy.h"
#include "format/format.h"
#include "measure/profile.h"

namespace bw {
std::vector<std::size_t> judging_samples(const Split& split, const CalibrationChoice& choice) {
  std::vector<std::size_t> order = choose(split, split.size(), choice.seed, choice.balanced);
  order.erase(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(calibrating_samples(split.size(), choice)));
  std::ranges::sort(order);
  return order;
}

BenchJudge::BenchJudge(const LoadedModel& model, const Dataset& dataset, const CalibrationChoice& choice)
    : model_(model),
      choice_(choice),
      float_{*model.runnable, choice.runtime},
      samples_(dataset.calibration(), judging_samples(dataset.calibration(), choice), std::uint64_t{1} << 29),
      worker_(choice.worker),
      outputs_(judged_outputs(model.prepared, dataset)) {}

Deployment BenchJudge::written(const Artifact& artifact) const {
  const fs::path file = folder_.path() / ("tried" + std::string(format_named(artifact.format).extension));
  write_model(artifact.graph, file);
  return {file, choice_.runtime, artifact.ports};
}

const Evaluation& BenchJudge::evaluated_float() {
  if (!evaluation_)
    evaluation_ = evaluate_model(worker_, float_, samples_,
                                 {.threads = choice_.threads, .outputs = outputs_, .keep_reference = true});
  return *evaluation_;
}

Retained BenchJudge::retained(const Plan& plan) {
  const Evaluation& original = evaluated_float();
  const Deployment tried = written(built(model_.prepared, plan));
  const Evaluation other =
      evaluate_model(worker_, tried, samples_, {.threads = choice_.threads, .outputs = outputs_}, original.reference);
  AccuracyComparison accuracy = compare_accuracy(outputs_, original, other, choice_.seed);
  const bool by_labels = std::ranges::any_of(outputs_, [](const JudgedOutput& o) { return !o.metrics.empty(); });
  const Figure kept = retention_of(accuracy, by_labels);
  return {.accuracy = kept, .outputs = outputs_kept(accuracy), .by_fidelity = accuracy.decided_by == "fidelity"};
}

LatencyRatio BenchJudge::latency(const Plan& plan) {
  constexpr std::size_t kVisits = 3;
  constexpr double kSeconds = 0.1;
  const Deployment tried = written(built(model_.prepared, plan));
  std::vector<Visit> visits;
  while (visits.size() < kVisits)
    visits.push_back(visit(choice_.worker, float_, tried, samples_, {.threads = choice_.threads, .seconds = kSeconds}));
  return latency_ratio(visits, control_noise(visits));
}

std::vector<NodeTime> BenchJudge::profile(const Plan& plan) {
  const Artifact artifact = built(model_.prepared, plan);
  return profile_model(worker_, written(artifact), artifact.graph, samples_.feed(), {.threads = choice_.threads}).nodes;
}

}  // namespace bw
