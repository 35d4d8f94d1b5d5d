// bitwright bench: the main job.
#include "bench/bench.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/error.h"
#include "cli/catalog.h"
#include "cli/data_flags.h"
#include "cli/model_flags.h"
#include "cli/output.h"
#include "report/json.h"
#include "report/table.h"
#include "report/write.h"
#include "store/store.h"

namespace bw {
namespace {

constexpr Positional kPositionals[] = {{.name = "MODEL", .says = "ONNX models", .many = true, .optional = false}};
constexpr Parameter kFlags[] = {
    kDataFlag,
    {.name = "output",
     .type = Parameter::Type::Text,
     .standard = "bitwright-report",
     .says = "folder for the report and the candidates",
     .takes = "FOLDER",
     .heading = kResultHeading},
    {.name = "methods",
     .type = Parameter::Type::Text,
     .standard = "all",
     .says = "groups and recipes, separated by commas",
     .takes = "METHODS",
     .heading = kMakingHeading},
    kBudgetFlag,
    kTargetFlag,
    kDataRootFlag,
    kCalibrationSplitFlag,
    kEvaluationSplitFlag,
    kCalibrationSamplesFlag,
    kBalancedFlag,
    kEvaluationSamplesFlag,
    kEvalCommandFlag,
    kRuntimesFlag,
    kLatencySecondsFlag,
    {.name = "baseline",
     .type = Parameter::Type::Flag,
     .standard = "yes",
     .says = "measure, and compare with the float model",
     .heading = kMeasuringHeading},
    {.name = "quick",
     .type = Parameter::Type::Flag,
     .standard = "no",
     .says = "only the first, short measurement: fewer samples, wider intervals",
     .heading = kMeasuringHeading},
    {.name = "accuracy_threshold",
     .type = Parameter::Type::Ratio,
     .standard = "0.95",
     .says = "share of the float model's accuracy to keep",
     .low = 0,
     .high = 2,
     .heading = kRequiredHeading},
    {.name = "least_gain",
     .type = Parameter::Type::Ratio,
     .standard = "0.05",
     .says = "least gain in time or size that makes a candidate worth shipping",
     .low = 0,
     .high = 0.99,
     .heading = kRequiredHeading},
    {.name = "max_latency_ratio",
     .type = Parameter::Type::Ratio,
     .standard = "0",
     .says = "most time, as share of the float model's; 0: no limit",
     .low = 0,
     .high = 1e6,
     .heading = kRequiredHeading},
    {.name = "max_size",
     .type = Parameter::Type::Bytes,
     .standard = "0",
     .says = "most bytes of a model; 0: no limit",
     .low = 0,
     .high = 1e15,
     .heading = kRequiredHeading},
    {.name = "resume",
     .type = Parameter::Type::Flag,
     .standard = "no",
     .says = "go on with an interrupted run into the same folder",
     .heading = kResultHeading},
    kWorkerMemoryFlag,
    kWorkerTimeoutFlag,
    kUncheckedFlag,
    kRequantizeFlag,
    {.name = "store",
     .type = Parameter::Type::Flag,
     .standard = "yes",
     .says = "keep the run for 'bitwright runs'",
     .heading = kResultHeading},
};

Constraints constraints(const Arguments& flags) {
  Constraints constraints{.accuracy_threshold = flags.number("accuracy_threshold"),
                          .least_gain = flags.number("least_gain"),
                          .max_latency_ratio = {},
                          .max_size = {}};
  if (flags.number("max_latency_ratio") > 0) constraints.max_latency_ratio = flags.number("max_latency_ratio");
  if (flags.integer("max_size") > 0) constraints.max_size = static_cast<std::uint64_t>(flags.integer("max_size"));
  return constraints;
}

BenchOptions options_of(const Invocation& invocation) {
  const Arguments& flags = invocation.flags;
  data_to("calibrate and measure on", invocation);
  BenchOptions options{measure_options(invocation)};
  for (const std::string& model : invocation.all("MODEL")) options.models.emplace_back(model);
  options.output = flags.text("output");
  for (Recipe& recipe : recipes_named(flags.text("methods")))
    options.recipes.push_back(within_budget_of(invocation, std::move(recipe)));
  const Target& target = target_named(flags.text("target"));
  options.target = target.name;
  if (flags.text("runtime").empty()) options.runtimes = {std::string(target.runtime)};
  options.balanced = flags.flag("balanced");
  options.calibration_samples = static_cast<std::size_t>(flags.integer("calibration_samples"));
  options.resume = flags.flag("resume");
  options.intake.requantize = flags.flag("requantize");
  options.baseline = flags.flag("baseline");
  options.quick = flags.flag("quick");
  options.constraints = constraints(flags);
  return options;
}

// A limit that somebody set, and that no candidate of some model keeps.
void require_met(const Findings& findings) {
  const Constraints &limits = findings.constraints, standard;
  if (limits.accuracy_threshold == standard.accuracy_threshold && !limits.max_latency_ratio && !limits.max_size) return;
  for (const ModelFindings& model : findings.models) {
    if (model.recommended.candidate) continue;
    const auto unjudged = std::ranges::find_if(model.candidates, [](const CandidateFindings& candidate) {
      return candidate.latency && !candidate.latency->ratio.value;
    });
    if (limits.max_latency_ratio && unjudged != model.candidates.end())
      throw Error(ErrorKind::Requirement,
                  "no candidate is known to meet the constraints: " + unjudged->latency->ratio.reason, model.name,
                  "Run it again when the machine is quiet");
    throw Error(ErrorKind::Requirement, "no candidate meets the constraints", model.name,
                "The report says what each one misses; loosen a limit or try other methods");
  }
}

// Rows as they come, on standard error: the answer itself goes to standard output, once, when it is complete.
BenchListener listener_for(const BenchOptions& options) {
  const TableStyle style = style_of_stderr();
  const Console& console = *options.console;
  return {.begin =
              [&console](const ModelFindings& model) {
                console.say(fmt::format("{}: first figures, from {} samples", model.name, model.evaluation_samples));
              },
          .row =
              [style, &console](const ModelFindings& model, const CandidateFindings& row) {
                const bool first = &row == &model.candidates.front();
                if (first) console.say(table_header(model, style));
                if (first && model.original) console.say(float_row(model, style));
                console.say(table_row(model, row, style));
              },
          .quick_done =
              [&console](const ModelFindings& model, double seconds) {
                console.say(fmt::format("{}: so far: {}. Measuring in full takes about {:.0f} s; --quick leaves it out",
                                        model.name, model.recommended.sentence, seconds));
              },
          // Written after each model, so that what is found is not lost when a later one fails.
          .model_done = [&options](const Findings& so_far) { write_report(so_far, options.output); }};
}

// An interrupted run says how to go on with it.
Findings found(const Invocation& invocation, const BenchOptions& options) {
  try {
    return bench(options, listener_for(options));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Interrupted) throw;
    throw Error(
        error.kind(), error.message(), error.where(),
        fmt::format("What is finished is kept; go on with: {}{}", invocation.line, options.resume ? "" : " --resume"));
  }
}

int run(const Invocation& invocation) {
  const BenchOptions options = options_of(invocation);
  const Findings findings = found(invocation, options);
  const Json report = to_json(findings);
  put(invocation.json ? to_text(report) : findings_table(findings, style_of_stdout()));
  written();  // the answer comes before anything that may still go wrong
  if (invocation.flags.flag("store")) Store(Store::usual_path()).save(report);
  options.console->say(fmt::format("report: {}", (options.output / "report.html").string()));
  if (options.baseline) require_met(findings);
  return 0;
}

}  // namespace

Command bench_command() {
  return {.name = "bench",
          .says = "find the version worth shipping: make, measure and compare candidates",
          .positionals = kPositionals,
          .flags = kFlags,
          .run = run,
          .example = "bitwright bench MODEL.onnx --data FOLDER"};
}

}  // namespace bw
