#include "bench/accuracy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace bw {
namespace {

constexpr const char* kNothing = "the float model's outputs are zero, or no numbers";

Figure compared(std::string_view name, const OutputScores& scores, std::uint64_t seed, std::string_view otherwise) {
  const Metric& metric = metric_named(name);
  const auto found = scores.scores.find(std::string(name));
  if (found == scores.scores.end()) return missing_figure(metric.unit, std::string(otherwise));
  Figure figure = metric_figure(metric, found->second, seed);
  if (std::isfinite(*figure.value)) return figure;
  const bool equal = std::isinf(*figure.value) && *figure.value > 0;  // of SQNR: there is no error
  return missing_figure(metric.unit, equal ? "the outputs are equal" : kNothing);
}

std::string measure_of(const JudgedOutput& output) {
  return output.kind == OutputKind::Numbers ? "fidelity" : "agreement";
}

void count_faults(const std::vector<OutputFaults>& original, const std::vector<OutputFaults>& other,
                  OutputFindings& findings) {
  for (std::size_t i = 0; i < other.size(); ++i) {
    const double more = std::max(0.0, other[i].not_finite - original[i].not_finite);
    findings.elements += static_cast<std::uint64_t>(other[i].elements);
    findings.not_finite += static_cast<std::uint64_t>(more);
    findings.not_finite_samples += more > 0;
    findings.resized_samples += other[i].resized > 0;
  }
}

OutputFindings output_findings(const JudgedOutput& output, const OutputScores& original, const OutputScores& other,
                               std::uint64_t seed) {
  OutputFindings findings{.name = output.name, .measure = measure_of(output), .decides = output.decides};
  findings.agreement = output.kind == OutputKind::Numbers
                           ? missing_figure(Unit::Fraction, "the output is no class scores")
                           : compared("agreement", other, seed, "");
  findings.sqnr = compared("sqnr", other, seed, "the output is of integers");
  findings.fidelity = compared("fidelity", other, seed, "the output is of integers");
  count_faults(original.faults, other.faults, findings);
  return findings;
}

void add_metrics(const JudgedOutput& output, const OutputScores& original, const OutputScores& other,
                 std::uint64_t seed, AccuracyComparison& accuracy) {
  for (const std::string& name : output.metrics) {
    const Metric& metric = metric_named(name);
    const MetricChange change = compare(metric, original.scores.at(name), other.scores.at(name), seed);
    accuracy.metrics.push_back({.name = name,
                                .output = output.name,
                                .higher_is_better = metric.direction == Direction::Higher,
                                .original = change.original,
                                .quantized = change.quantized,
                                .difference = change.difference,
                                .verdict = change.verdict});
    if (!accuracy.mcnemar) accuracy.mcnemar = change.mcnemar;
  }
}

const Figure& measure(const OutputFindings& output) {
  return output.measure == "fidelity" ? output.fidelity : output.agreement;
}

// The output that decides with the least kept; nullptr when none could be compared.
const OutputFindings* worst_of(const std::vector<OutputFindings>& outputs) {
  const OutputFindings* worst = nullptr;
  for (const OutputFindings& output : outputs)
    if (output.decides && measure(output).value &&
        (worst == nullptr || *measure(output).value < *measure(*worst).value))
      worst = &output;
  return worst;
}

Figure ratio_figure(const MetricFindings& metric) {
  const double original = *metric.original.value;
  const auto retained = [&](double change) {
    return metric.higher_is_better ? (original + change) / original : original / (original + change);
  };
  Figure figure = exact_figure(retained(*metric.difference.value), Unit::Ratio);
  if (!std::isfinite(*figure.value)) figure.value = 0;  // a score that is no number keeps nothing
  figure.n = metric.difference.n;
  if (const auto& interval = metric.difference.interval) {
    const double a = retained(interval->low), b = retained(interval->high);
    figure.interval = Interval{std::min(a, b), std::max(a, b)};
  }
  return figure;
}

bool can_be_kept(const MetricFindings& metric) {
  const auto& original = metric.original.value;
  return original && std::isfinite(*original) && *original > 0 && metric.difference.value.has_value();
}

}  // namespace

AccuracyComparison compare_accuracy(const std::vector<JudgedOutput>& outputs, const Evaluation& original,
                                    const Evaluation& other, std::uint64_t seed) {
  AccuracyComparison accuracy;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].kind == OutputKind::Other) continue;
    add_metrics(outputs[i], original.outputs[i], other.outputs[i], seed, accuracy);
    accuracy.outputs.push_back(output_findings(outputs[i], original.outputs[i], other.outputs[i], seed));
  }
  const OutputFindings* worst = worst_of(accuracy.outputs);
  const OutputFindings& shown = worst != nullptr ? *worst : accuracy.outputs.front();
  accuracy.agreement = shown.agreement;
  accuracy.sqnr = shown.sqnr;
  return accuracy;
}

Figure retention_of(AccuracyComparison& accuracy, bool by_labels) {
  if (by_labels && !accuracy.metrics.empty() && can_be_kept(accuracy.metrics.front())) {
    accuracy.decided_by = accuracy.metrics.front().name;
    accuracy.decided_on = accuracy.metrics.front().output;
    return ratio_figure(accuracy.metrics.front());
  }
  const OutputFindings* worst = worst_of(accuracy.outputs);
  if (worst == nullptr) return missing_figure(Unit::Ratio, "none of the outputs could be compared");
  accuracy.decided_by = worst->measure;
  accuracy.decided_on = worst->name;
  Figure figure = measure(*worst);
  figure.unit = Unit::Ratio;
  return figure;
}

Figure outputs_kept(const AccuracyComparison& accuracy) {
  Figure least = missing_figure(Unit::Fraction, "none of the outputs could be compared");
  for (const OutputFindings& output : accuracy.outputs)
    if (output.decides && output.fidelity.value && (!least.value || *output.fidelity.value < *least.value))
      least = output.fidelity;
  return least;
}

std::string measure_without_labels(const std::vector<JudgedOutput>& outputs) {
  std::string measure;
  for (const JudgedOutput& output : outputs) {
    if (output.kind == OutputKind::Other || !output.decides) continue;
    if (measure.empty()) measure = measure_of(output);
    if (measure != measure_of(output)) return "agreement or fidelity";
  }
  return measure;
}

std::string not_finite_sentence(const OutputFindings& output, std::uint64_t samples) {
  if (output.not_finite == 0) return "";
  return fmt::format("{} of {} elements of output '{}' are not finite where the float model's are, in {} of {} samples",
                     output.not_finite, output.elements, output.name, output.not_finite_samples, samples);
}

void settle_guesses(std::vector<JudgedOutput>& outputs, const SharedBytes& reference) {
  constexpr double kNearlyAlways = 0.95;
  constexpr std::size_t kEnough = 8;  // answers, to tell
  if (std::ranges::none_of(outputs, &JudgedOutput::guessed)) return;
  const std::vector<OutputReference> references = read_references(reference.bytes());
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i].guessed && references[i].samples.size() >= kEnough && leading_share(references[i]) >= kNearlyAlways)
      outputs[i].kind = OutputKind::Numbers;
}

}  // namespace bw
