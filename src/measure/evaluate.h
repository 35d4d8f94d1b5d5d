// Accuracy: every sample of a split through a model in a worker, scored there by the metrics, so that no output crosses
// a process; then two models compared sample by sample.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "measure/figure.h"
#include "measure/judged.h"
#include "measure/metrics/metric.h"
#include "measure/statistics.h"
#include "run/deployment.h"
#include "run/samples.h"
#include "run/worker.h"

namespace bw {

struct EvaluateOptions {
  int threads = 1;                    // samples side by side; the scores do not depend on it
  std::vector<JudgedOutput> outputs;  // of the float model, in its order; other models have theirs in the same order
  bool keep_reference = false;        // for the float model: keep what candidates are compared with
};

// Elements of one output of one sample that are no numbers.
struct OutputFaults {
  double not_finite = 0, elements = 0;
  double resized = 0;  // 1: there are more or fewer elements than the float model's
};

struct OutputScores {
  std::map<std::string, std::vector<Score>> scores;  // by metric, in the order of the samples
  std::vector<OutputFaults> faults;                  // by sample
};

struct Evaluation {
  std::vector<OutputScores> outputs;  // in the order of EvaluateOptions::outputs
  std::size_t samples = 0;
  double seconds = 0;
  // Answers and outputs of the float model, thinned out evenly to 64 MB at most whatever the number of samples
  // (measure/reference.h), but for at least 16 elements of each.
  SharedBytes reference;
};

// Runs each sample at its own length, one a run (a model with a fixed batch takes as many as that).
// Errors: InputError(data) naming the sample that does not fit; Error(Quantization) for a model with another number of
// outputs; Error(Worker) when the worker dies; decoding's.
Evaluation evaluate_model(Worker& worker, const Deployment& model, SharedSamples& samples,
                          const EvaluateOptions& options, const SharedBytes& reference = {});

// Share of the answers of scores that are the most frequent one; 0 when there are none.
double leading_share(const OutputReference& reference);

// A metric of one model: Wilson's interval for hits and misses, else the bootstrap's.
Figure metric_figure(const Metric& metric, const std::vector<Score>& scores, std::uint64_t seed);

struct MetricChange {
  Figure original, quantized;
  Figure difference;  // quantized - original, bootstrap over the samples, both models resampled alike
  Verdict verdict = Verdict::Inconclusive;  // same: within 0.3 points, or 0.3 % of the original for relative metrics
  bool at_least_as_good = false;            // as design section 6 has it
  std::optional<McNemarTest> mcnemar;       // for metrics of hits and misses, one answer a sample
};
// Both lists are of the same samples in the same order, and not empty.
MetricChange compare(const Metric& metric, const std::vector<Score>& original, const std::vector<Score>& quantized,
                     std::uint64_t seed);

Job evaluate_job();

}  // namespace bw
