#include "report/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace bw {
namespace {

struct Row {
  const ModelFindings& model;
  const CandidateFindings* candidate;  // nullptr: the float model

  const ModelFigures* figures() const {
    const auto& of = candidate ? candidate->quantized : model.original;
    return of ? &*of : nullptr;
  }
};

struct Column {
  std::string_view name;
  std::string (*cell)(const Row& row);
};

std::string number(std::optional<double> value) {
  return value && std::isfinite(*value) ? fmt::format("{}", *value) : "";
}
std::string count(std::optional<std::uint64_t> value) {
  return value ? fmt::format("{}", *value) : "";
}

std::string text(std::string value) {
  if (!value.empty() && std::string_view("=+-@\t\r").find(value.front()) != std::string_view::npos)
    value.insert(value.begin(), '\'');
  if (value.find_first_of(",\"\r\n") == value.npos) return value;
  std::string quoted = "\"";
  for (const char c : value) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

std::string low(const Figure& figure) {
  return figure.interval ? number(figure.interval->low) : "";
}
std::string high(const Figure& figure) {
  return figure.interval ? number(figure.interval->high) : "";
}

// Cells of things that may not be there.
template <Figure ModelFigures::* figure>
std::string measured(const Row& row) {
  return row.figures() ? number((row.figures()->*figure).value) : "";
}
template <std::string CandidateFindings::* member>
std::string said(const Row& row) {
  return row.candidate ? text(row.candidate->*member) : "";
}
// Of the float model, as measured beside the candidate.
template <Figure ModelFigures::* figure>
std::string of_original(const Row& row) {
  return row.candidate && row.candidate->original ? number(((*row.candidate->original).*figure).value) : "";
}
template <std::optional<Figure> CandidateFindings::* figure>
std::string compared(const Row& row) {
  return row.candidate && row.candidate->*figure ? number((row.candidate->*figure)->value) : "";
}
template <std::string (*cell)(const LatencyComparison&)>
std::string of_latency(const Row& row) {
  return row.candidate && row.candidate->latency ? cell(*row.candidate->latency) : "";
}
template <std::string (*cell)(const MetricFindings&)>
std::string of_metric(const Row& row) {
  const bool there = row.candidate && row.candidate->accuracy && !row.candidate->accuracy->metrics.empty();
  return there ? cell(row.candidate->accuracy->metrics.front()) : "";
}
template <Figure AccuracyComparison::* figure>
std::string of_accuracy(const Row& row) {
  return row.candidate && row.candidate->accuracy ? number(((*row.candidate->accuracy).*figure).value) : "";
}
template <std::string AccuracyComparison::* member>
std::string decided(const Row& row) {
  return row.candidate && row.candidate->accuracy ? text((*row.candidate->accuracy).*member) : "";
}
std::string not_finite(const Row& row) {
  if (!row.candidate || !row.candidate->accuracy) return "";
  std::uint64_t elements = 0;
  for (const OutputFindings& output : row.candidate->accuracy->outputs) elements += output.not_finite;
  return count(elements);
}
template <std::string ArtifactFile::* member>
std::string of_artifact(const Row& row) {
  return row.candidate && row.candidate->artifact ? text((*row.candidate->artifact).*member) : "";
}

std::string latency_ratio(const LatencyComparison& latency) {
  return number(latency.ratio.value);
}
std::string latency_low(const LatencyComparison& latency) {
  return low(latency.ratio);
}
std::string latency_high(const LatencyComparison& latency) {
  return high(latency.ratio);
}
std::string latency_verdict(const LatencyComparison& latency) {
  return std::string(name_of(latency.verdict));
}
std::string difference(const MetricFindings& metric) {
  return number(metric.difference.value);
}
std::string difference_low(const MetricFindings& metric) {
  return low(metric.difference);
}
std::string difference_high(const MetricFindings& metric) {
  return high(metric.difference);
}
std::string metric_verdict(const MetricFindings& metric) {
  return std::string(name_of(metric.verdict));
}

std::string yes(bool is) {
  return is ? "yes" : "no";
}

bool on_front(const Row& row) {
  const auto& front = row.model.pareto;
  return row.candidate && std::find(front.begin(), front.end(), row.candidate->name) != front.end();
}

bool is_recommended(const Row& row) {
  const auto& chosen = row.model.recommended.candidate;
  return row.candidate ? chosen == row.candidate->name : !chosen;
}

constexpr Column kColumns[] = {
    {"model", [](const Row& row) { return text(row.model.name); }},
    {"candidate", [](const Row& row) { return row.candidate ? text(row.candidate->name) : "float"; }},
    {"recipe", said<&CandidateFindings::recipe>},
    {"method", said<&CandidateFindings::method>},
    {"target", said<&CandidateFindings::target>},
    {"hardware_target", said<&CandidateFindings::hardware_target>},
    {"runtime", [](const Row& row) { return text(row.candidate ? row.candidate->runtime : row.model.runtime); }},
    {"status", [](const Row& row) { return std::string(row.candidate ? name_of(row.candidate->status) : "ok"); }},
    {"reason", said<&CandidateFindings::reason>},
    {"recommended", [](const Row& row) { return yes(is_recommended(row)); }},
    {"pareto", [](const Row& row) { return yes(on_front(row)); }},
    {"metric", [](const Row& row) { return text(row.model.metric.value_or("")); }},
    {"accuracy", measured<&ModelFigures::accuracy>},
    {"accuracy_difference", of_metric<difference>},
    {"accuracy_difference_low", of_metric<difference_low>},
    {"accuracy_difference_high", of_metric<difference_high>},
    {"accuracy_verdict", of_metric<metric_verdict>},
    {"accuracy_retention", compared<&CandidateFindings::accuracy_retention>},
    {"retention_of", decided<&AccuracyComparison::decided_by>},
    {"retention_output", decided<&AccuracyComparison::decided_on>},
    {"agreement", of_accuracy<&AccuracyComparison::agreement>},
    {"sqnr", of_accuracy<&AccuracyComparison::sqnr>},
    {"not_finite", not_finite},
    {"inference_time", measured<&ModelFigures::inference_time>},
    {"original_inference_time", of_original<&ModelFigures::inference_time>},
    {"latency_ratio", of_latency<latency_ratio>},
    {"latency_ratio_low", of_latency<latency_low>},
    {"latency_ratio_high", of_latency<latency_high>},
    {"latency_verdict", of_latency<latency_verdict>},
    {"speedup_factor", compared<&CandidateFindings::speedup_factor>},
    {"model_size", measured<&ModelFigures::model_size>},
    {"compression_ratio", measured<&ModelFigures::compression_ratio>},
    {"memory_usage", measured<&ModelFigures::memory_usage>},
    {"memory_reduction", compared<&CandidateFindings::memory_reduction>},
    {"hardware_utilization", measured<&ModelFigures::hardware_utilization>},
    {"layers_quantized", [](const Row& row) { return row.candidate ? count(row.candidate->layers_quantized) : ""; }},
    {"layers_total", [](const Row& row) { return row.candidate ? count(row.candidate->layers_total) : ""; }},
    {"artifact", of_artifact<&ArtifactFile::path>},
    {"sha256", of_artifact<&ArtifactFile::sha256>},
};

template <class Cell>
void add_line(std::string& csv, const Cell& cell) {
  const char* separator = "";
  for (const Column& column : kColumns) {
    csv.append(separator).append(cell(column));
    separator = ",";
  }
  csv += "\r\n";
}

}  // namespace

std::string report_csv(const Findings& findings) {
  std::string csv;
  add_line(csv, [](const Column& column) { return std::string(column.name); });
  const auto add = [&](const Row& row) { add_line(csv, [&](const Column& column) { return column.cell(row); }); };
  for (const ModelFindings& model : findings.models) {
    if (model.original) add({model, nullptr});
    for (const CandidateFindings& candidate : model.candidates) add({model, &candidate});
  }
  return csv;
}

}  // namespace bw
