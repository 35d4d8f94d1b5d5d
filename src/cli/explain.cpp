// bitwright explain: where a quantized model loses accuracy and time, and what helps.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "bench/bench.h"
#include "bench/proven.h"
#include "cli/catalog.h"
#include "cli/data_flags.h"
#include "cli/model_flags.h"
#include "cli/output.h"
#include "explain/explanation.h"
#include "report/explanation.h"
#include "report/html.h"

namespace bw {
namespace {

constexpr Positional kPositionals[] = {
    {.name = "FLOAT", .says = "the model that was quantized", .many = false, .optional = false},
    {.name = "QUANTIZED", .says = "what was made of it, by whatever tool", .many = false, .optional = false}};
constexpr Parameter kFlags[] = {
    kDataFlag,
    kDataRootFlag,
    kCalibrationSplitFlag,
    kEvaluationSplitFlag,
    {.name = "samples",
     .type = Parameter::Type::Integer,
     .standard = "64",
     .says = "samples of the evaluation split to look at",
     .low = 1,
     .high = 1e9,
     .heading = kDataHeading},
    {.name = "runtime",
     .type = Parameter::Type::Text,
     .standard = "",
     .says = "where times are taken; the usual target's without it",
     .takes = "RUNTIME",
     .heading = kMeasuringHeading},
    {.name = "seconds",
     .type = Parameter::Type::Seconds,
     .standard = "2",
     .says = "time for the runs of each model; 0: speed is not looked at",
     .low = 0,
     .high = 3600,
     .heading = kMeasuringHeading},
    {.name = "try",
     .type = Parameter::Type::Flag,
     .standard = "no",
     .says = "make the first three remedies, and measure them shortly beside the float model",
     .heading = kMeasuringHeading},
    {.name = "top",
     .type = Parameter::Type::Integer,
     .standard = "20",
     .says = "how many layers to show, the most damaged first; 0: all",
     .low = 0,
     .high = 1e6,
     .heading = kResultHeading},
    {.name = "output",
     .type = Parameter::Type::Text,
     .standard = "",
     .says = "file for a page to look at; none without it",
     .takes = "FILE",
     .heading = kResultHeading},
    kWorkerMemoryFlag,
    kWorkerTimeoutFlag,
    kUncheckedFlag,
};

const Runtime& runtime_of(const Invocation& invocation) {
  const std::string& named = invocation.flags.text("runtime");
  return available_runtime(named.empty() ? targets().front().runtime : named);
}

Explanation explanation_of(const Invocation& invocation, const LoadedModel& original, const LoadedModel& quantized) {
  const Dataset data = open_data_for(original, invocation.flags.text("data"), open_options(invocation));
  const Split split = data.evaluation();
  std::vector<std::size_t> indices =
      choose(split, static_cast<std::size_t>(invocation.flags.integer("samples")), invocation.seed);
  std::ranges::sort(indices);
  SharedSamples samples(split, indices);
  const ExplainOptions options{.worker = worker_options(invocation),
                               .threads = invocation.threads,
                               .runtime = std::string(runtime_of(invocation).name)};
  Explanation explanation = explain(original, quantized, samples, options);
  if (const double seconds = invocation.flags.number("seconds"); seconds > 0)
    add_times(explanation, original, quantized, first_samples(split), seconds, options);
  return explanation;
}

// The first remedies that differ, as bench makes and measures them.
Findings tried(const Invocation& invocation, const Explanation& explanation) {
  constexpr std::size_t kMost = 3;
  const TemporaryFolder folder("remedies that are tried");
  BenchOptions options;
  options.models = {invocation.the("FLOAT")};
  options.data = invocation.flags.text("data");
  options.open = open_options(invocation);
  options.intake.read = read_options(invocation);
  options.worker = worker_options(invocation);
  options.threads = invocation.threads;
  options.seed = invocation.seed;
  options.command = invocation.line;
  options.console = invocation.console;
  options.output = folder.path();
  options.quick = true;
  for (const ExplainedLayer& layer : explanation.layers) {
    if (!layer.remedy || options.recipes.size() == kMost) continue;
    const Recipe recipe = parse_recipe(layer.remedy->recipe);
    if (std::ranges::find(options.recipes, recipe) == options.recipes.end()) options.recipes.push_back(recipe);
  }
  return options.recipes.empty() ? Findings{} : bench(options);
}

int run(const Invocation& invocation) {
  const std::string &data = data_to("look at", invocation), &page = invocation.flags.text("output");
  if (!page.empty()) require_writable(page);
  const IntakeOptions intake{.read = read_options(invocation), .runtime = runtime_of(invocation).name};
  const LoadedModel original = load_model(invocation.the("FLOAT"), intake),
                    quantized = load_model(invocation.the("QUANTIZED"), intake);
  for (const LoadedModel* model : {&original, &quantized}) say_notes(*model, invocation);
  Explained explained{.original = original.path.string(),
                      .quantized = quantized.path.string(),
                      .quantize = fmt::format("bitwright quantize {} --data {}", original.path.string(), data),
                      .explanation = explanation_of(invocation, original, quantized)};
  if (invocation.flags.flag("try")) explained.tried = tried(invocation, explained.explanation);
  if (!page.empty()) write_file(page, report_html(to_json(explained)));
  put(invocation.json
          ? to_text(to_json(explained))
          : explanation_text(explained, static_cast<std::size_t>(invocation.flags.integer("top")), style_of_stdout()));
  return 0;
}

}  // namespace

Command explain_command() {
  return {.name = "explain",
          .says = "where a quantized model loses accuracy, layer by layer, and what helps",
          .positionals = kPositionals,
          .flags = kFlags,
          .run = run,
          .example = "bitwright explain MODEL.onnx small.onnx --data FOLDER"};
}

}  // namespace bw
