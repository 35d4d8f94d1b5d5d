// bitwright compare: two models on the same data, paired.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <optional>

#include "base/error.h"
#include "base/hash.h"
#include "bench/bench.h"
#include "bench/measured.h"
#include "bench/recommend.h"
#include "cli/catalog.h"
#include "cli/data_flags.h"
#include "cli/model_flags.h"
#include "cli/output.h"
#include "report/comparison.h"
#include "report/json.h"
#include "report/table.h"
#include "report/write.h"

namespace bw {
namespace {

constexpr Positional kPositionals[] = {
    {.name = "ORIGINAL", .says = "the model to compare with", .many = false, .optional = false},
    {.name = "OTHER", .says = "the model to compare", .many = false, .optional = false}};
constexpr Parameter kFlags[] = {
    kDataFlag,
    kDataRootFlag,
    kCalibrationSplitFlag,
    kEvaluationSplitFlag,
    kEvaluationSamplesFlag,
    kEvalCommandFlag,
    {.name = "runtime",
     .type = Parameter::Type::Text,
     .standard = "",
     .says = "where they are measured; two with a comma: ORIGINAL in the first, OTHER in the second",
     .takes = "RUNTIMES",
     .heading = kMeasuringHeading},
    kLatencySecondsFlag,
    {.name = "max_loss",
     .type = Parameter::Type::Ratio,
     .standard = "1",
     .says = "most of the original's accuracy that may be lost, as share of it; 1: any",
     .low = 0,
     .high = 1,
     .heading = kRequiredHeading},
    {.name = "max_latency_ratio",
     .type = Parameter::Type::Ratio,
     .standard = "0",
     .says = "most time, as share of the original's; 0: no limit",
     .low = 0,
     .high = 1e6,
     .heading = kRequiredHeading},
    {.name = "max_size_ratio",
     .type = Parameter::Type::Ratio,
     .standard = "0",
     .says = "most bytes, as share of the original's; 0: no limit",
     .low = 0,
     .high = 1e6,
     .heading = kRequiredHeading},
    {.name = "output",
     .type = Parameter::Type::Text,
     .standard = "",
     .says = "folder for a report; none without it",
     .takes = "FOLDER",
     .heading = kResultHeading},
    kWorkerMemoryFlag,
    kWorkerTimeoutFlag,
    kUncheckedFlag,
};

ComparisonLimits limits_of(const Arguments& flags) {
  const auto limit = [&](std::string_view name) {
    const double most = flags.number(name);
    return most > 0 ? std::optional(most) : std::nullopt;
  };
  return {.max_loss = flags.number("max_loss"),
          .max_latency_ratio = limit("max_latency_ratio"),
          .max_size_ratio = limit("max_size_ratio")};
}

MeasureOptions options_of(const Invocation& invocation) {
  data_to("compare on", invocation);
  MeasureOptions options = measure_options(invocation);
  if (options.runtimes.size() > 2)
    throw Error(ErrorKind::Usage, fmt::format("{} runtimes are named for two models", options.runtimes.size()), "",
                "Name one for both, or one for each");
  return options;
}

CandidateFindings described(const LoadedModel& other, const std::string& name) {
  CandidateFindings row;
  row.name = name;
  row.recipe = "as given";
  row.artifact = ArtifactFile{.path = other.path.string(), .bytes = other.bytes, .sha256 = other.sha256};
  for (const fs::path& file : files_of(other.path))
    row.artifact->files.push_back({file.string(), fs::file_size(file), sha256_of_file(file)});
  return row;
}

// Whatever keeps the second model from being measured is an error here: there is no other row.
void require_measured(const CandidateFindings& row, const fs::path& path) {
  const ErrorKind kind = row.status == Status::Timeout      ? ErrorKind::Timeout
                         : row.status == Status::WorkerDied ? ErrorKind::Worker
                                                            : ErrorKind::Quantization;
  if (row.status != Status::Ok) throw Error(kind, row.reason, path.string());
}

void require_kept(const ModelFindings& model, const ComparisonLimits& limits, const fs::path& path) {
  if (const std::vector<std::string> sentences = missed(model, limits); !sentences.empty())
    throw Error(ErrorKind::Requirement, fmt::format("{}", fmt::join(sentences, "; ")), path.string());
}

// The original with the other as its one candidate.
ModelFindings compared(const LoadedModel& original, const LoadedModel& other, const MeasureOptions& options) {
  const Dataset dataset = open_data_for(original, options.data, options.open);
  ModelFindings model = describe(original, dataset, targets().front(), options);
  const bool alike = original.name == other.name;  // files of one name in two folders
  if (alike) model.name = original.path.string();
  Checkpoint nothing_kept;
  Measurer measurer(original, dataset, options, full_effort(options), nothing_kept);
  model.evaluation_samples = measurer.samples();
  measurer.measure_float(model);
  model.candidates.push_back(described(other, alike ? other.path.string() : other.name));
  CandidateFindings& row = model.candidates.front();
  row.runtime = options.runtimes.back();
  measurer.measure(row, Plan{}, *other.runnable);
  while (measurer.wants_visit(row)) measurer.visit(row);
  measurer.conclude(model);
  model.pareto = pareto_front(model.candidates);
  model.recommended.sentence = comparison_sentence(model);  // no choice is made: both are the user's
  return model;
}

int run(const Invocation& invocation) {
  const MeasureOptions options = options_of(invocation);
  const fs::path output = invocation.flags.text("output"), other_path = invocation.the("OTHER");
  if (!output.empty()) require_writable_folder(output);
  const LoadedModel original = load_model(invocation.the("ORIGINAL"), options.intake);
  const LoadedModel other = load_model(other_path, options.intake);
  for (const LoadedModel* model : {&original, &other}) say_notes(*model, invocation);
  Findings findings = start_findings(options);
  findings.models.push_back(compared(original, other, options));
  const ModelFindings& model = findings.models.front();
  if (!output.empty()) write_report(findings, output);
  put(invocation.json ? to_text(to_json(findings)) : comparison_table(model, style_of_stdout()));
  require_measured(model.candidates.front(), other_path);
  require_kept(model, limits_of(invocation.flags), other_path);
  return 0;
}

}  // namespace

Command compare_command() {
  return {.name = "compare",
          .says = "two models on the same data: accuracy, speed, memory, size",
          .positionals = kPositionals,
          .flags = kFlags,
          .run = run,
          .example = "bitwright compare MODEL.onnx small.onnx --data FOLDER --max-loss 1%"};
}

}  // namespace bw
