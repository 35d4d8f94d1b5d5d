#include "bench/measured.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "bench/cost.h"
#include "bench/output_kind.h"

namespace bw {
namespace {

constexpr std::uint64_t kDecodedBudget = std::uint64_t{1}
                                         << 29;  // bytes of decoded samples kept for the next candidate

std::size_t count_of(const Split& split, std::size_t wanted) {
  return wanted == 0 ? split.size() : std::min(wanted, split.size());
}

std::vector<std::size_t> evaluation_indices(const Split& split, const BenchOptions& options, const Effort& effort) {
  const std::size_t wanted = count_of(split, effort.samples);
  std::vector<std::size_t> indices = choose(split, wanted, options.seed, options.balanced);
  std::sort(indices.begin(), indices.end());  // files are read in order
  return indices;
}

std::vector<std::string> metric_names(const Dataset& dataset) {
  std::vector<std::string> names = dataset.metrics();
  for (const char* always : {"agreement", "sqnr"})
    if (std::find(names.begin(), names.end(), always) == names.end()) names.emplace_back(always);
  return names;
}

Figure ratio_figure(const Figure& difference, double original, Direction direction) {
  const auto retained = [&](double change) {
    return direction == Direction::Higher ? (original + change) / original : original / (original + change);
  };
  if (!difference.value || original == 0) return missing_figure(Unit::Ratio, "the float model's score is zero");
  Figure figure = exact_figure(retained(*difference.value), Unit::Ratio);
  figure.n = difference.n;
  if (difference.interval) {
    const double a = retained(difference.interval->low), b = retained(difference.interval->high);
    figure.interval = Interval{std::min(a, b), std::max(a, b)};
  }
  return figure;
}

Figure inverse(const Figure& ratio) {
  Figure figure = ratio;
  if (figure.value) figure.value = 1 / *figure.value;
  if (figure.interval) figure.interval = Interval{1 / ratio.interval->high, 1 / ratio.interval->low};
  return figure;
}

bool computes_in_integers(const Plan& plan) {
  return std::ranges::any_of(plan.nodes, [](const auto& node) {
    return node.second.precision == Precision::Integer || node.second.precision == Precision::Dynamic;
  });
}

// 1 less the error relative to the outputs' own size (root of energies): 34 dB of SQNR are 0.98.
Figure fidelity(const Figure& sqnr) {
  const auto of = [](double decibels) { return 1 - std::pow(10, -decibels / 20); };
  Figure figure = sqnr;
  if (figure.value) figure.value = of(*figure.value);
  if (figure.interval) figure.interval = Interval{of(figure.interval->low), of(figure.interval->high)};
  return figure;
}

void require_finite(const std::vector<Score>& energies) {
  const auto bad = std::ranges::count_if(energies, [](const Score& score) { return std::isinf(score[1]); });
  if (bad > 0)
    throw Error(ErrorKind::Quantization,
                fmt::format("outputs are not finite in {} of {} samples where the float model's are", bad,
                            energies.size()),
                {}, "Keep the operators that overflow in float (keep_float)");
}

LatencyFigures latency_figures(const Timing& timing) {
  return {timing.p50, timing.p90, timing.p99, timing.load_time};
}

WorkerOptions limited(const WorkerLimits& limits) {
  WorkerOptions options;
  options.address_space = limits.memory;
  return options;
}

}  // namespace

Effort full_effort(const BenchOptions& options) {
  return {.samples = options.evaluation_samples, .latency_seconds = options.latency_seconds};
}

Effort quick_effort(const BenchOptions& options, double sample_seconds) {
  constexpr std::size_t kLeastSamples = 16, kMostSamples = 256, kPairs = 12;
  constexpr double kSeconds = 0.3;
  const std::size_t enough =
      sample_seconds > 0 ? std::clamp(static_cast<std::size_t>(1 / sample_seconds), kLeastSamples, kMostSamples)
                         : kMostSamples;
  return {.samples = options.evaluation_samples == 0 ? enough : std::min(enough, options.evaluation_samples),
          .latency_seconds = std::min(kSeconds, options.latency_seconds),
          .least_pairs = kPairs,
          .peaks = false};
}

Measurer::Measurer(const LoadedModel& model, const Dataset& dataset, const BenchOptions& options, const Effort& effort,
                   Checkpoint& checkpoint)
    : model_(model),
      dataset_(dataset),
      options_(options),
      effort_(effort),
      checkpoint_(checkpoint),
      samples_(dataset.evaluation(), evaluation_indices(dataset.evaluation(), options, effort), kDecodedBudget),
      worker_(limited(options.worker)) {}

// What every step's result depends on; each adds what else it depends on.
std::string Measurer::key(const std::string& sha256) const {
  return fmt::format("{} {} {} {} {} {}", model_.sha256, sha256, dataset_.description()["sha256"].get<std::string>(),
                     options_.balanced, options_.threads, options_.seed);
}

double Measurer::expected_seconds(const CandidateFindings& measured, const Effort& effort) const {
  const auto samples = static_cast<double>(count_of(dataset_.evaluation(), effort.samples));
  const double evaluate = measured.seconds.evaluate.value_or(0) * samples / static_cast<double>(samples_.size());
  const double overhead = std::max(0.0, measured.seconds.latency.value_or(0) - effort_.latency_seconds);
  return evaluate + effort.latency_seconds + overhead;
}

EvaluateOptions Measurer::evaluating() const {
  return {.threads = options_.threads, .metrics = metric_names(dataset_), .silence = options_.worker.silence};
}

// The float model is always run: what candidates are compared with is not kept.
Evaluation Measurer::evaluated_float() {
  EvaluateOptions how = evaluating();
  how.keep_reference = true;
  return evaluate_model(worker_, *model_.runnable, samples_, how);
}

Evaluation Measurer::evaluated(const fs::path& file, const std::string& sha256) {
  const EvaluateOptions how = evaluating();
  return checkpoint_.evaluation(
      fmt::format("{} {}", key(sha256), samples_.size()),
      [&] { return evaluate_model(worker_, file, samples_, how, float_evaluation_.reference); });
}

Latency Measurer::timed(const fs::path& file, const std::string& sha256) {
  const LatencyOptions how{.threads = options_.threads,
                           .seconds = effort_.latency_seconds,
                           .least_pairs = effort_.least_pairs,
                           .seed = options_.seed,
                           .silence = options_.worker.silence};
  return checkpoint_.latency(fmt::format("{} {}", key(sha256), effort_.latency_seconds),
                             [&] { return measure_latency(worker_, *model_.runnable, file, samples_, how); });
}

Figure Measurer::memory_of(const fs::path& file, const std::string& sha256) {
  return checkpoint_.figure(key(sha256), [&] {
    const Footprint footprint = measure_footprint(
        file, samples_,
        {.threads = options_.threads, .silence = options_.worker.silence, .address_space = options_.worker.memory});
    return exact_figure(static_cast<double>(footprint.peak), Unit::Bytes);
  });
}

ModelFigures Measurer::figures(Figure accuracy, const Timing& timing, Figure memory, std::uint64_t bytes) const {
  return {
      .accuracy = std::move(accuracy),
      .inference_time = timing.p50,
      .memory_usage = std::move(memory),
      .model_size = exact_figure(static_cast<double>(bytes), Unit::Bytes),
      .compression_ratio = exact_figure(static_cast<double>(bytes) / static_cast<double>(model_.bytes), Unit::Ratio),
      .hardware_utilization = timing.utilization};
}

void Measurer::measure_float(ModelFindings& findings) {
  try {
    run_float(findings);
  } catch (const Error& error) {
    const bool of_worker = error.kind() == ErrorKind::Worker || error.kind() == ErrorKind::Timeout;
    throw of_worker ? error.within(model_.path.string()) : error;
  }
}

void Measurer::run_float(ModelFindings& findings) {
  float_evaluation_ = evaluated_float();
  float_memory_ = memory_of(*model_.runnable, model_.sha256);
  const Latency control = timed(*model_.runnable, model_.sha256);
  findings.control = Control{.ratio = control.ratio.ratio, .verdict = control.ratio.verdict, .smallest_effect = {}};
  if (const auto& interval = control.ratio.ratio.interval)
    findings.control->smallest_effect = std::max(interval->high - 1, 1 - interval->low);
  if (!options_.eval_command.empty()) {
    own_ = own_score(options_.eval_command, model_.path);
    findings.metric = own_->name;
  }
  Figure accuracy = missing_figure(Unit::Fraction, "the data has no labels");
  if (own_)
    accuracy = exact_figure(own_->value, Unit::Score);
  else if (findings.metric)
    accuracy =
        metric_figure(metric_named(*findings.metric), float_evaluation_.scores.at(*findings.metric), options_.seed);
  findings.original = figures(accuracy, control.original, float_memory_, model_.bytes);
}

void Measurer::compare_accuracy(CandidateFindings& findings, const fs::path& file) {
  const Evaluation evaluation = evaluated(file, findings.artifact->sha256);
  require_finite(evaluation.scores.at("sqnr"));
  AccuracyComparison accuracy;
  for (const std::string& name : dataset_.metrics()) {
    const Metric& metric = metric_named(name);
    if (!float_evaluation_.scores.contains(name) || !evaluation.scores.contains(name)) continue;
    const MetricChange change =
        compare(metric, float_evaluation_.scores.at(name), evaluation.scores.at(name), options_.seed);
    accuracy.metrics.push_back({.name = name,
                                .higher_is_better = metric.direction == Direction::Higher,
                                .original = change.original,
                                .quantized = change.quantized,
                                .difference = change.difference,
                                .verdict = change.verdict});
    if (!accuracy.mcnemar) accuracy.mcnemar = change.mcnemar;
  }
  if (own_) {
    const OwnScore score = own_score(options_.eval_command, file);
    const double difference = score.value - own_->value;
    accuracy.metrics.insert(accuracy.metrics.begin(), {.name = own_->name,
                                                       .higher_is_better = own_->direction == Direction::Higher,
                                                       .original = exact_figure(own_->value, Unit::Score),
                                                       .quantized = exact_figure(score.value, Unit::Score),
                                                       .difference = exact_figure(difference, Unit::Score),
                                                       .verdict = Verdict::Inconclusive});
  }
  accuracy.agreement =
      gives_class_scores(model_.prepared)
          ? metric_figure(metric_named("agreement"), evaluation.scores.at("agreement"), options_.seed)
          : missing_figure(Unit::Fraction, "the output is no class scores");
  accuracy.sqnr = metric_figure(metric_named("sqnr"), evaluation.scores.at("sqnr"), options_.seed);
  if (accuracy.metrics.empty()) {
    // Without labels the float model's answers are the truth, or its numbers where they are no answers.
    findings.accuracy_retention = accuracy.agreement.value ? accuracy.agreement : fidelity(accuracy.sqnr);
    findings.accuracy_retention->unit = Unit::Ratio;
  } else {
    const MetricFindings& first = accuracy.metrics.front();
    findings.accuracy_retention = ratio_figure(first.difference, first.original.value.value_or(0),
                                               first.higher_is_better ? Direction::Higher : Direction::Lower);
  }
  findings.seconds.evaluate = evaluation.seconds;
  findings.accuracy = std::move(accuracy);
}

void Measurer::compare_latency(CandidateFindings& findings, const Plan& plan, const fs::path& file) {
  const Figure memory = memory_of(file, findings.artifact->sha256);
  const Latency latency = timed(file, findings.artifact->sha256);
  findings.latency = LatencyComparison{.ratio = latency.ratio.ratio,
                                       .verdict = latency.ratio.verdict,
                                       .original = latency_figures(latency.original),
                                       .quantized = latency_figures(latency.quantized)};
  findings.speedup_factor = inverse(latency.ratio.ratio);
  findings.memory_reduction = exact_figure(1 - *memory.value / *float_memory_.value, Unit::Fraction);
  const auto accuracy = [&](auto side) {
    return findings.accuracy->metrics.empty() ? missing_figure(Unit::Fraction, "the data has no labels")
                                              : findings.accuracy->metrics.front().*side;
  };
  findings.original = figures(accuracy(&MetricFindings::original), latency.original, float_memory_, model_.bytes);
  findings.quantized =
      figures(accuracy(&MetricFindings::quantized), latency.quantized, memory, findings.artifact->bytes);
  findings.seconds.latency = latency.seconds;

  if (!effort_.peaks) return;
  std::vector<Shape> shapes;
  for (const Tensor& input : dataset_.evaluation().get(0).inputs) {
    Shape shape = input.shape();
    shape.insert(shape.begin(), 1);
    shapes.push_back(std::move(shape));
  }
  const Graph concrete = with_input_shapes(model_.prepared, shapes);
  findings.achieved = achieved(run_cost(concrete, plan), latency.quantized.p50,
                               measured_peaks(worker_, options_.threads), computes_in_integers(plan));
}

void Measurer::measure(CandidateFindings& findings, const Plan& plan, const fs::path& file) {
  try {
    compare_accuracy(findings, file);
    compare_latency(findings, plan, file);
  } catch (const Error& error) {
    note_failure(findings, error);
  }
}

void note_failure(CandidateFindings& findings, const Error& error) {
  if (error.kind() == ErrorKind::Interrupted || error.kind() == ErrorKind::Internal) throw error;
  findings.status = error.kind() == ErrorKind::Timeout  ? Status::Timeout
                    : error.kind() == ErrorKind::Worker ? Status::WorkerDied
                                                        : Status::Refused;
  findings.reason = error.what();
}

}  // namespace bw
