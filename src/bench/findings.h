// What bench finds out about models and their candidates: the content of report.json, version 1, as values.
// Field names and meanings are those of the contract in web/src/report.ts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "measure/figure.h"
#include "measure/peak.h"
#include "measure/statistics.h"
#include "model/architecture.h"

namespace bw {

enum class Status : std::uint8_t { Ok, NotBetter, Refused, WorkerDied, Timeout };
constexpr const char* name_of(Status status) {
  constexpr const char* kNames[] = {"ok", "not_better", "refused", "worker_died", "timeout"};
  return kNames[static_cast<std::size_t>(status)];
}

// The requirement's six figures of one model.
struct ModelFigures {
  Figure accuracy, inference_time, memory_usage, model_size, compression_ratio, hardware_utilization;
};

struct LatencyFigures {
  Figure p50, p90, p99, load_time;
};

struct LatencyComparison {
  Figure ratio;  // quantized over original
  Verdict verdict = Verdict::Inconclusive;
  LatencyFigures original, quantized;
  std::vector<std::string> timed_with;  // candidates of the same structure, which share these times
};

struct MetricFindings {
  std::string name, output;  // output: which it is about; empty for the user's own metric
  bool higher_is_better = true;
  Figure original, quantized, difference;
  Verdict verdict = Verdict::Inconclusive;
};

// One output beside the float model's.
struct OutputFindings {
  std::string name;
  std::string measure;  // "agreement" or "fidelity": by what it is judged (measure/judged.h)
  bool decides = true;  // without labels
  Figure agreement = {}, sqnr = {}, fidelity = {};
  std::uint64_t elements = 0;    // over all samples
  std::uint64_t not_finite = 0;  // of them, more than the float model's
  std::uint64_t not_finite_samples = 0;
  std::uint64_t resized_samples = 0;  // with more or fewer elements than the float model gives
};

struct AccuracyComparison {
  std::vector<MetricFindings> metrics;
  std::optional<McNemarTest> mcnemar;
  Figure agreement, sqnr;  // of the output that is judged worst
  std::vector<OutputFindings> outputs;
  std::string decided_by, decided_on;  // accuracy_retention's metric ("top1", "agreement", "fidelity") and output
};

// Paths are relative to the report's folder.
struct ShippedFile {
  std::string path;
  std::uint64_t bytes = 0;
  std::string sha256;
};
struct ArtifactFile {
  std::string path;         // of the model
  std::uint64_t bytes = 0;  // of all files
  std::string sha256;       // of the model's own file
  std::vector<ShippedFile> files = {};
};

struct FloatNode {
  std::string node, op, reason;
};

struct Seconds {
  std::optional<double> calibrate, quantize, evaluate, latency;
};

struct CandidateFindings {
  std::string name, recipe, method, target, hardware_target;
  std::string runtime;  // that measures it
  Status status = Status::Ok;
  std::string reason;  // one sentence unless ok
  std::string command;
  std::vector<std::string> notes;
  std::optional<ArtifactFile> artifact;
  std::optional<ModelFigures> original, quantized;
  std::optional<Figure> accuracy_retention, speedup_factor, memory_reduction;
  std::optional<LatencyComparison> latency;
  std::optional<AccuracyComparison> accuracy;
  std::optional<AchievedRates> achieved;
  std::vector<FloatNode> float_nodes;
  std::optional<std::uint64_t> layers_quantized, layers_total;
  Seconds seconds;
};

struct Constraints {
  double accuracy_threshold = 0.95;
  double least_gain = 0.05;  // in time or size; 0.05 is 5 %
  std::optional<double> max_latency_ratio;
  std::optional<std::uint64_t> max_size;
};

struct Control {
  Figure ratio;
  Verdict verdict = Verdict::Inconclusive;
  std::optional<double> smallest_effect;
  std::string disturbance;  // how busy others kept the machine; empty when they were hardly in the way
};

struct Recommendation {
  std::optional<std::string> candidate;  // nullopt: ship the float model
  std::string sentence;
  std::vector<std::pair<std::string, std::string>> runners_up;  // candidate, sentence
};

struct ModelFindings {
  std::string name, path, sha256;
  std::string runtime;  // of the float model, with which all candidates are compared
  std::uint64_t bytes = 0, nodes = 0;
  std::int64_t opset = 0;
  Architecture architecture;
  std::map<std::string, bool> compatibility;     // by recipe group: does the target have kernels for part of the model
  std::vector<std::string> recommended_methods;  // recipes, best first
  std::vector<std::string> notes;                // what was done to the model before anything else

  std::string dataset_name, dataset_path, task;
  std::optional<std::string> metric;  // the first of the labels', else agreement or fidelity
  std::vector<std::string> doubts;    // why the labels say nothing of this model, and what fits better; empty: they do
  std::uint64_t calibration_samples = 0, evaluation_samples = 0;
  std::vector<std::string> guessed;

  std::optional<ModelFigures> original;
  std::optional<Control> control;
  std::vector<CandidateFindings> candidates;
  std::vector<std::string> pareto;
  Recommendation recommended;
};

struct Environment {
  std::string cpu;
  std::vector<std::string> flags;  // those that decide which kernels run
  int cores = 0;
  std::uint64_t memory_bytes = 0;
  std::string kernel, bitwright;
  std::map<std::string, std::string> runtimes;
  int threads = 0;
  std::uint64_t seed = 0;
};

struct Findings {
  std::string created;  // RFC 3339, UTC
  std::string command;
  Environment environment;
  Constraints constraints;
  std::vector<ModelFindings> models;
};

}  // namespace bw
