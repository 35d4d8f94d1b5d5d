// bitwright compare: two models on the same data, paired.
#include <nlohmann/json.hpp>

#include "base/error.h"
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

namespace bw {
namespace {

constexpr Positional kPositionals[] = {
    {.name = "ORIGINAL", .says = "the model to compare with", .many = false, .optional = false},
    {.name = "OTHER", .says = "the model to compare", .many = false, .optional = false}};
constexpr Parameter kFlags[] = {
    kDataFlag,        kDataRootFlag,       kCalibrationSplitFlag, kEvaluationSplitFlag, kEvaluationSamplesFlag,
    kEvalCommandFlag, kLatencySecondsFlag, kWorkerMemoryFlag,     kWorkerTimeoutFlag,   kUncheckedFlag,
};

BenchOptions options_of(const Invocation& invocation) {
  data_to("compare on", invocation);
  return measuring_options(invocation);
}

CandidateFindings described(const LoadedModel& other, const std::string& name) {
  CandidateFindings row;
  row.name = name;
  row.recipe = "as given";
  row.artifact = ArtifactFile{.path = other.path.string(), .bytes = other.bytes, .sha256 = other.sha256};
  return row;
}

int run(const Invocation& invocation) {
  const BenchOptions options = options_of(invocation);
  const LoadedModel original = load_model(invocation.the("ORIGINAL"), options.intake);
  const LoadedModel other = load_model(invocation.the("OTHER"), options.intake);
  const Dataset dataset = open_data_for(original, options.data, options.open);

  Findings findings = start_findings(options);
  ModelFindings model = describe(original, dataset, options);
  const bool alike = original.name == other.name;  // files of one name in two folders
  if (alike) model.name = original.path.string();
  Checkpoint nothing_kept;
  Measurer measurer(original, dataset, options, full_effort(options), nothing_kept);
  model.evaluation_samples = measurer.samples();
  measurer.measure_float(model);
  model.candidates.push_back(described(other, alike ? other.path.string() : other.name));
  CandidateFindings& row = model.candidates.front();
  measurer.measure(row, Plan{}, *other.runnable);
  while (measurer.wants_visit(row)) measurer.visit(row);
  measurer.conclude(model);
  model.pareto = pareto_front(model.candidates);
  model.recommended.sentence = comparison_sentence(model);  // no choice is made: both are the user's
  findings.models.push_back(std::move(model));
  put(invocation.json ? to_text(to_json(findings)) : comparison_table(findings.models.front(), style_of_stdout()));
  return 0;
}

}  // namespace

Command compare_command() {
  return {.name = "compare",
          .says = "two models on the same data: accuracy, speed, memory, size",
          .positionals = kPositionals,
          .flags = kFlags,
          .run = run,
          .example = "bitwright compare MODEL.onnx small.onnx --data FOLDER"};
}

}  // namespace bw
