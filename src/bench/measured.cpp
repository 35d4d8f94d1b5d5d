#include "bench/measured.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "bench/accuracy.h"
#include "bench/chance.h"
#include "bench/proven.h"
#include "format/format.h"
#include "run/runtime.h"

namespace bw {
namespace {

constexpr std::uint64_t kDecodedBudget = std::uint64_t{1}
                                         << 29;  // bytes of decoded samples kept for the next candidate

std::size_t count_of(const Split& split, std::size_t wanted) {
  return wanted == 0 ? split.size() : std::min(wanted, split.size());
}

std::vector<std::size_t> evaluation_indices(const Split& split, const MeasureOptions& options, const Effort& effort) {
  const std::size_t wanted = count_of(split, effort.samples);
  std::vector<std::size_t> indices = choose(split, wanted, options.seed, options.balanced);
  std::sort(indices.begin(), indices.end());  // files are read in order
  return indices;
}

Figure inverse(const Figure& ratio) {
  Figure figure = ratio;
  if (figure.value) figure.value = 1 / *figure.value;
  if (figure.interval) figure.interval = Interval{1 / ratio.interval->high, 1 / ratio.interval->low};
  return figure;
}

bool computes_in_integers(const Plan& plan) {
  return std::ranges::any_of(plan.nodes, [](const auto& node) {
    return node.second.compute == Precision::Integer || node.second.compute == Precision::Dynamic;
  });
}

// Of a candidate, from the float model's and their ratio, so that what stands side by side fits.
Figure scaled(const Figure& time, const Figure& ratio) {
  if (!time.value || !ratio.value) return missing_figure(Unit::Seconds, ratio.value ? time.reason : ratio.reason);
  Figure figure{*time.value * *ratio.value, std::nullopt, ratio.n, Unit::Seconds, {}};
  if (ratio.interval) figure.interval = Interval{*time.value * ratio.interval->low, *time.value * ratio.interval->high};
  return figure;
}

// Hashes of a model's file and of those that lie beside it.
std::string contents_of(const fs::path& file) {
  std::string hashes;
  for (const fs::path& part : files_of(file)) hashes += sha256_of_file(part) + " ";
  return hashes;
}

LatencyFigures latency_figures(const Timing& timing) {
  return {timing.p50, timing.p90, timing.p99, timing.load_time};
}

SpeedOptions speed_options(const MeasureOptions& options, const Effort& effort) {
  return {.visits = effort.visits,
          .visit = {.threads = options.threads,
                    .seconds = effort.latency_seconds / static_cast<double>(effort.visits),
                    .warm_up = effort.warm_up,
                    .least_turns = effort.least_turns},
          .worker = options.worker};
}

}  // namespace

Effort full_effort(const MeasureOptions& options) {
  return {.samples = options.evaluation_samples, .latency_seconds = options.latency_seconds};
}

Effort quick_effort(const MeasureOptions& options, double sample_seconds) {
  constexpr std::size_t kLeastSamples = 16, kMostSamples = 256;
  constexpr double kSeconds = 0.15, kWarmUp = 0.1;
  const std::size_t enough = sample_seconds > 0
                                 ? std::clamp(static_cast<std::size_t>(1 / sample_seconds), kLeastSamples, kMostSamples)
                                 : kMostSamples;
  return {.samples = options.evaluation_samples == 0 ? enough : std::min(enough, options.evaluation_samples),
          .latency_seconds = std::min(kSeconds, options.latency_seconds),
          .visits = 3,
          .warm_up = kWarmUp,
          .least_turns = 1,
          .quick = true};
}

Measurer::Measurer(const LoadedModel& model, const Dataset& dataset, const MeasureOptions& options,
                   const Effort& effort, Checkpoint& checkpoint)
    : model_(model),
      float_{*model.runnable, options.runtimes.front()},
      dataset_(dataset),
      options_(options),
      effort_(effort),
      checkpoint_(checkpoint),
      contents_(contents_of(model.path)),
      indices_(evaluation_indices(dataset.evaluation(), options, effort)),
      samples_(dataset.evaluation(), indices_, kDecodedBudget),
      worker_(options.worker),
      speed_(float_, samples_, speed_options(options, effort), checkpoint),
      outputs_(judged_outputs(model.prepared, dataset)) {}

// With what the result of every part depends on; each adds what else it depends on.
Part Measurer::part(const Subject& subject, std::string_view what) const {
  return {.model = model_.name,
          .of = subject.name,
          .what = fmt::format("{}{}", effort_.quick ? "quick " : "", what),
          .from = {{"the model", contents_},
                   {"the candidate", contents_of(subject.model.file)},
                   {"the runtime", name_and_version(available_runtime(subject.model.runtime))},
                   {"the float model's runtime", name_and_version(available_runtime(float_.runtime))},
                   {"the data", dataset_.description()["sha256"].get<std::string>()},
                   {"--balanced", options_.balanced ? "yes" : "no"},
                   {"--threads", std::to_string(options_.threads)},
                   {"--seed", std::to_string(options_.seed)}}};
}

double Measurer::expected_seconds(const CandidateFindings& measured, const Effort& effort) const {
  const auto samples = static_cast<double>(count_of(dataset_.evaluation(), effort.samples));
  const double evaluate = measured.seconds.evaluate.value_or(0) * samples / static_cast<double>(samples_.size());
  const double spent = measured.seconds.latency.value_or(0);
  if (spent == 0) return evaluate;  // timed with another, or not at all
  const double more = static_cast<double>(effort.visits) / static_cast<double>(effort_.visits);
  return evaluate + effort.latency_seconds + std::max(0.0, spent - effort_.latency_seconds) * more;
}

EvaluateOptions Measurer::evaluating() const {
  return {.threads = options_.threads, .outputs = outputs_};
}

// The float model is always run: what candidates are compared with is not kept.
Evaluation Measurer::evaluated_float() {
  EvaluateOptions how = evaluating();
  how.keep_reference = true;
  return evaluate_model(worker_, float_, samples_, how);
}

Evaluation Measurer::evaluated(const Subject& subject) {
  const EvaluateOptions how = evaluating();
  Part accuracy = part(subject, "accuracy");
  accuracy.from.emplace_back("the number of samples", std::to_string(samples_.size()));
  return checkpoint_.evaluation(
      accuracy, [&] { return evaluate_model(worker_, subject.model, samples_, how, float_evaluation_.reference); });
}

Figure Measurer::memory_of(const Subject& subject) {
  return checkpoint_.figure(part(subject, "memory"), [&] {
    const Footprint footprint = measure_footprint(options_.worker, subject.model, samples_, options_.threads);
    return exact_figure(static_cast<double>(footprint.peak), Unit::Bytes);
  });
}

// All but speed.
ModelFigures Measurer::figures(Figure accuracy, Figure memory, std::uint64_t bytes) const {
  return {
      .accuracy = std::move(accuracy),
      .inference_time = missing_figure(Unit::Seconds, "It was not timed."),
      .memory_usage = std::move(memory),
      .model_size = exact_figure(static_cast<double>(bytes), Unit::Bytes),
      .compression_ratio = exact_figure(static_cast<double>(bytes) / static_cast<double>(model_.bytes), Unit::Ratio),
      .hardware_utilization = missing_figure(Unit::Fraction, "It was not timed.")};
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
  float_memory_ = memory_of(float_subject());
  settle_guesses(outputs_, float_evaluation_.reference);
  findings.original = figures(float_accuracy(findings), float_memory_, model_.bytes);
  findings.doubts.clear();
  if (std::string doubt = own_ ? "" : doubt_of(findings.original->accuracy); !doubt.empty())
    findings.doubts.push_back(std::move(doubt));
  labels_count_ = findings.doubts.empty();
}

const JudgedOutput* Measurer::labelled() const {
  const auto found = std::ranges::find_if(outputs_, [](const JudgedOutput& o) { return !o.metrics.empty(); });
  return found == outputs_.end() ? nullptr : &*found;
}

// Also says in the findings which metric it is.
Figure Measurer::float_accuracy(ModelFindings& findings) {
  if (!options_.eval_command.empty()) {
    own_ = own_score(options_.eval_command, model_.path, options_.worker.stop);
    findings.metric = own_->name;
    return exact_figure(own_->value, Unit::Score);
  }
  if (const JudgedOutput* output = labelled()) {
    findings.metric = output->metrics.front();
    const OutputScores& scores = float_evaluation_.outputs[static_cast<std::size_t>(output - outputs_.data())];
    return metric_figure(metric_named(*findings.metric), scores.scores.at(*findings.metric), options_.seed);
  }
  findings.metric = measure_without_labels(outputs_);
  return exact_figure(1, Unit::Fraction);  // it is what the others are compared with
}

std::string Measurer::doubt_of(const Figure& accuracy) const {
  const JudgedOutput* output = labelled();
  if (output == nullptr || !metric_named(output->metrics.front()).hit_or_miss) return "";
  const ValueType& type =
      model_.original.value(model_.original.outputs[static_cast<std::size_t>(output - outputs_.data())]).type;
  const std::int64_t classes =
      type.shape && !type.shape->empty() ? std::max<std::int64_t>(type.shape->back().value, 0) : 0;
  return chance_warning(accuracy, dataset_.evaluation().classes(), classes);
}

MetricFindings Measurer::own_change(const fs::path& file) const {
  const OwnScore score = own_score(options_.eval_command, file, options_.worker.stop);
  return {.name = own_->name,
          .output = "",
          .higher_is_better = own_->direction == Direction::Higher,
          .original = exact_figure(own_->value, Unit::Score),
          .quantized = exact_figure(score.value, Unit::Score),
          .difference = exact_figure(score.value - own_->value, Unit::Score),
          .verdict = Verdict::Inconclusive};
}

// The first node whose values are not finite in the first sample that shows it, as the end of a sentence.
std::string Measurer::first_fault(const Evaluation& evaluation, const Deployment& model) {
  for (std::size_t k = 0; k < outputs_.size(); ++k)
    for (std::size_t i = 0; i < evaluation.samples; ++i)
      if (evaluation.outputs[k].faults[i].not_finite > float_evaluation_.outputs[k].faults[i].not_finite) {
        SharedSamples sample(dataset_.evaluation(), {indices_[i]});
        return first_not_finite_node(worker_, model, read_model(model.file), sample.feed());
      }
  return "";
}

void Measurer::require_finite(const AccuracyComparison& accuracy, const Evaluation& evaluation,
                              const Deployment& model) {
  const auto bad = std::ranges::find_if(accuracy.outputs, [](const auto& output) { return output.not_finite > 0; });
  if (bad == accuracy.outputs.end()) return;
  throw Error(ErrorKind::Quantization, not_finite_sentence(*bad, evaluation.samples) + first_fault(evaluation, model),
              {}, "Keep the node that overflows, or its operator, in float (keep_float)");
}

void Measurer::measure_accuracy(CandidateFindings& findings, const Subject& subject) {
  const Evaluation evaluation = evaluated(subject);
  AccuracyComparison accuracy = compare_accuracy(outputs_, float_evaluation_, evaluation, options_.seed);
  if (own_) accuracy.metrics.insert(accuracy.metrics.begin(), own_change(subject.model.file));
  findings.accuracy_retention = retention_of(accuracy, labels_count_);
  findings.seconds.evaluate = evaluation.seconds;
  findings.accuracy = std::move(accuracy);
  require_finite(*findings.accuracy, evaluation, subject.model);
}

Cost Measurer::cost_of_run(const Plan& plan) const {
  std::vector<Shape> shapes;
  for (const Tensor& input : dataset_.evaluation().get(0).inputs) {
    Shape shape = input.shape();
    shape.insert(shape.begin(), 1);
    shapes.push_back(std::move(shape));
  }
  return run_cost(with_input_shapes(model_.prepared, shapes), plan);
}

// Memory and the file's own size, and what is known of the work of one run.
void Measurer::measure_size(CandidateFindings& findings, const Plan& plan, const Subject& subject) {
  const Figure memory = memory_of(subject);
  findings.memory_reduction = exact_figure(1 - *memory.value / *float_memory_.value, Unit::Fraction);
  const std::vector<MetricFindings>& metrics = findings.accuracy->metrics;
  Figure original = metrics.empty() ? exact_figure(1, Unit::Fraction) : metrics.front().original;
  Figure quantized = metrics.empty() ? *findings.accuracy_retention : metrics.front().quantized;
  if (metrics.empty()) quantized.unit = Unit::Fraction;
  findings.original = figures(std::move(original), float_memory_, model_.bytes);
  findings.quantized = figures(std::move(quantized), memory, findings.artifact->bytes);
  if (!effort_.quick) work_[findings.name] = {cost_of_run(plan), computes_in_integers(plan)};
}

void Measurer::measure(CandidateFindings& findings, const Plan& plan, const fs::path& file, const Ports& ports) {
  findings.original = findings.quantized = std::nullopt;  // of an earlier measurement
  findings.latency.reset();
  findings.achieved.reset();
  findings.seconds.latency = 0;
  if (findings.runtime.empty()) findings.runtime = float_.runtime;
  const Subject subject{findings.name, {file, findings.runtime, ports}};
  try {
    measure_accuracy(findings, subject);
    measure_size(findings, plan, subject);
    speed_.enter(findings.name, subject.model, part(subject, "speed"), structure_hash(read_model(file)));
    if (wants_visit(findings)) pay_visit(findings);
  } catch (const Error& error) {
    note_failure(findings, error);
  }
}

bool Measurer::wants_visit(const CandidateFindings& findings) const {
  return findings.status == Status::Ok && speed_.wants_visit(findings.name);
}

void Measurer::pay_visit(CandidateFindings& findings) {
  *findings.seconds.latency += speed_.visit(findings.name);
}

void Measurer::visit(CandidateFindings& findings) {
  try {
    pay_visit(findings);
  } catch (const Error& error) {
    note_failure(findings, error);
  }
}

void Measurer::time_float() {
  const std::string itself = "the float model";
  speed_.enter(itself, float_, part({itself, float_}, "speed"), itself);
  while (speed_.wants_visit(itself)) speed_.visit(itself);
}

void Measurer::conclude(ModelFindings& findings) {
  const std::vector<Visit> all = speed_.all_visits();
  if (all.empty()) return;
  const ControlNoise noise = control_noise(all);
  const LatencyRatio control = control_ratio(all);
  const Timing original = timing_of(all, &Visit::original);
  findings.control = Control{
      .ratio = control.ratio, .verdict = control.verdict, .smallest_effect = {}, .disturbance = disturbance(all)};
  if (noise.n > 0) findings.control->smallest_effect = smallest_effect(noise, effort_.visits);
  findings.original->inference_time = original.p50;
  findings.original->hardware_utilization = original.utilization;
  for (CandidateFindings& row : findings.candidates)
    if (row.quantized && !speed_.visits_of(row.name).empty()) conclude(row, original, noise);
}

void Measurer::conclude(CandidateFindings& findings, const Timing& original, const ControlNoise& noise) {
  const std::span<const Visit> visits = speed_.visits_of(findings.name);
  const LatencyRatio ratio = latency_ratio(visits, noise);
  const Timing beside = timing_of(visits, &Visit::original), own = timing_of(visits, &Visit::quantized);
  findings.latency = LatencyComparison{.ratio = ratio.ratio,
                                       .verdict = ratio.verdict,
                                       .original = latency_figures(beside),
                                       .quantized = latency_figures(own),
                                       .timed_with = speed_.timed_with(findings.name)};
  findings.speedup_factor = inverse(ratio.ratio);
  findings.original->inference_time = original.p50;
  findings.original->hardware_utilization = original.utilization;
  findings.quantized->inference_time = scaled(original.p50, ratio.ratio);
  findings.quantized->hardware_utilization = own.utilization;
  if (const auto work = work_.find(findings.name); work != work_.end())
    findings.achieved = achieved(work->second.cost, findings.quantized->inference_time,
                                 measured_peaks(worker_, findings.runtime, options_.threads), work->second.in_integers);
}

void note_failure(CandidateFindings& findings, const Error& error) {
  if (error.kind() == ErrorKind::Interrupted || error.kind() == ErrorKind::Internal) throw error;
  findings.status = error.kind() == ErrorKind::Timeout  ? Status::Timeout
                    : error.kind() == ErrorKind::Worker ? Status::WorkerDied
                                                        : Status::Refused;
  findings.reason = error.what();
}

}  // namespace bw
