// bitwright quantize: one recipe, one file.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/json.h"
#include "base/kept_files.h"
#include "base/machine.h"
#include "bench/maker.h"
#include "cli/catalog.h"
#include "cli/data_flags.h"
#include "cli/model_flags.h"
#include "cli/output.h"
#include "format/format.h"
#include "report/figure_text.h"

namespace bw {
namespace {

constexpr Positional kPositionals[] = {{.name = "MODEL", .says = "ONNX model", .many = false, .optional = false}};
constexpr Parameter kFlags[] = {
    kDataFlag,
    {.name = "recipe",
     .type = Parameter::Type::Text,
     .standard = "int8-static",
     .says = "what to do, see 'bitwright methods'",
     .takes = "RECIPE",
     .heading = kMakingHeading},
    {.name = "output",
     .type = Parameter::Type::Text,
     .standard = "",
     .says = "file to write; default MODEL.RECIPE.onnx",
     .takes = "FILE",
     .heading = kResultHeading},
    {.name = "plan_out",
     .type = Parameter::Type::Text,
     .standard = "",
     .says = "also write the plan here (JSON)",
     .takes = "FILE",
     .heading = kResultHeading},
    {.name = "dry_run",
     .type = Parameter::Type::Flag,
     .standard = "no",
     .says = "decide and say what would be done, write nothing",
     .heading = kResultHeading},
    kBudgetFlag,
    kTargetFlag,
    kDataRootFlag,
    kCalibrationSplitFlag,
    kEvaluationSplitFlag,
    kCalibrationSamplesFlag,
    kBalancedFlag,
    kWorkerMemoryFlag,
    kWorkerTimeoutFlag,
    kUncheckedFlag,
    kRequantizeFlag,
};

const Target& target_of(const Invocation& invocation) {
  return target_named(invocation.flags.text("target"));
}

std::optional<Dataset> opened_data(const Invocation& invocation, const LoadedModel& model) {
  const std::string& path = invocation.flags.text("data");
  if (path.empty()) return {};
  OpenOptions options = open_options(invocation);
  options.only_calibrate = true;
  Dataset dataset = open_data_for(model, path, options);
  for (const std::string& guess : dataset.guesses()) invocation.console->say("guessed: " + guess);
  return dataset;
}

CalibrationChoice choice_of(const Invocation& invocation, bool judged) {
  return {.samples = static_cast<std::size_t>(invocation.flags.integer("calibration_samples")),
          .balanced = invocation.flags.flag("balanced"),
          .seed = invocation.seed,
          .threads = invocation.threads,
          .worker = worker_options(invocation),
          .runtime = std::string(target_of(invocation).runtime),
          .judged = judged,
          .console = invocation.console};
}

Json tried_json(const Tried& tried) {
  Json outputs = Json::array();
  for (const OutputChange& output : tried.outputs)
    outputs.push_back(
        {{"output", output.name}, {"sqnr", std::isfinite(output.sqnr) ? Json(output.sqnr) : Json(nullptr)}});
  return {{"samples", tried.samples}, {"outputs", outputs}, {"not_run", tried.not_run}};
}

std::string tried_text(const Tried& tried) {
  if (!tried.not_run.empty()) return fmt::format("tried: it loads; it was not run, since {}", tried.not_run);
  std::string text = fmt::format("tried: it runs on {} samples", tried.samples);
  for (const OutputChange& output : tried.outputs)
    text += std::isfinite(output.sqnr)
                ? fmt::format("; '{}' is {:.1f} dB from the float model's", output.name, output.sqnr)
                : fmt::format("; '{}' equals the float model's", output.name);
  return text;
}

// In bytes, all files that must be shipped; of the new model nothing where none was written.
struct Sizes {
  double original = 0;
  std::optional<double> quantized;
};

Json to_json(const Sizes& sizes) {
  return {{"original", sizes.original},
          {"quantized", sizes.quantized ? Json(*sizes.quantized) : Json(nullptr)},
          {"ratio", sizes.quantized ? Json(*sizes.quantized / sizes.original) : Json(nullptr)}};
}

std::string sizes_text(const Sizes& sizes) {
  const auto text = [](double value, Unit unit) { return figure_text(exact_figure(value, unit)); };
  return fmt::format("{}, {:.1f} % of the float model's {}", text(*sizes.quantized, Unit::Bytes),
                     100 * *sizes.quantized / sizes.original, text(sizes.original, Unit::Bytes));
}

Json summary(const Candidate& candidate, const Tried& tried, const Looks& looks, const std::string& file,
             const Sizes& sizes) {
  Json kept = Json::array();
  for (const FloatNode& node : candidate.float_nodes)
    kept.push_back({{"node", node.node}, {"op", node.op}, {"reason", node.reason}});
  return {{"recipe", to_string(candidate.recipe)},
          {"file", file.empty() ? Json(nullptr) : Json(file)},
          {"size", to_json(sizes)},
          {"layers_quantized", candidate.layers_quantized},
          {"layers_total", candidate.layers_total},
          {"float_nodes", kept},
          {"notes", candidate.plan.notes},
          {"tried", tried_json(tried)},
          {"samples", looks.samples()},
          {"seconds", {{"calibrate", looks.seconds()}, {"quantize", candidate.seconds - looks.waited()}}},
          {"worker_peak_bytes", looks.peak_memory()}};
}

void print_for_people(const Candidate& candidate, const Tried& tried, const std::string& file, const Sizes& sizes) {
  put("{}: {} of {} layers quantized\n", to_string(candidate.recipe), candidate.layers_quantized,
      candidate.layers_total);
  for (const FloatNode& node : candidate.float_nodes) put("  float: {} ({}): {}\n", node.node, node.op, node.reason);
  for (const std::string& note : candidate.plan.notes) put("  note: {}\n", note);
  if (!file.empty()) put("{}\nwrote {}: {}\n", tried_text(tried), file, sizes_text(sizes));
}

// Written to `file` when it is proven to work; only made where there is no file.
Made made(const Invocation& invocation, const LoadedModel& model, Maker& maker, const Recipe& recipe,
          const std::optional<Dataset>& data, const std::string& file) try {
  if (file.empty()) return maker.make(recipe);
  Trial trial({*model.runnable, std::string(target_of(invocation).runtime)},
              data ? first_samples(data->calibration()) : made_up_samples(model.original), worker_options(invocation));
  return maker.make(recipe, file, trial);
} catch (const Error& error) {
  throw about(model, error);
}

// "" for a dry run.
std::string file_to_write(const Invocation& invocation, const Recipe& recipe) {
  if (invocation.flags.flag("dry_run")) return "";
  const std::string& file = invocation.flags.text("output");
  return file.empty() ? fmt::format("{}.{}{}", fs::path(invocation.the("MODEL")).stem().string(),
                                    candidate_name(recipe), format_named(target_of(invocation).format).extension)
                      : file;
}

int run(const Invocation& invocation) {
  const Recipe recipe = within_budget_of(invocation, parse_recipe(invocation.flags.text("recipe")));
  const Chain chain = resolve(recipe);
  const std::string file = file_to_write(invocation, recipe), &plan_file = invocation.flags.text("plan_out");
  for (const std::string& written : {file, plan_file})
    if (!written.empty()) require_writable(written);
  const LoadedModel model = load_model(
      invocation.the("MODEL"), {.read = read_options(invocation), .requantize = invocation.flags.flag("requantize")});
  say_notes(model, invocation);
  const std::optional<Dataset> data = opened_data(invocation, model);
  if (needs_data(chain, task_for(model, target_of(invocation))))
    data_to("calibrate on, which this recipe needs", invocation);
  const fs::path data_file = invocation.flags.text("data");
  const KeptFiles kept_data = keep(std::span(&data_file, 1));
  for (const std::string& written : {file, plan_file}) require_not_kept(written);
  Checkpoint nothing_kept;
  Maker maker(model, target_of(invocation), data ? &*data : nullptr, choice_of(invocation, needs_judge(chain)),
              nothing_kept);
  const auto [candidate, written, looks] = made(invocation, model, maker, recipe, data, file);
  if (!plan_file.empty()) write_plan(candidate.plan, plan_file);
  Sizes sizes{.original = static_cast<double>(model.bytes), .quantized = {}};
  if (!file.empty()) sizes.quantized = static_cast<double>(total_bytes(written.files));
  if (invocation.json)
    put(to_text(summary(candidate, written.tried, looks, file, sizes)));
  else
    print_for_people(candidate, written.tried, file, sizes);
  return 0;
}

}  // namespace

Command quantize_command() {
  return {.name = "quantize",
          .says = "apply one recipe to a model",
          .positionals = kPositionals,
          .flags = kFlags,
          .run = run,
          .example = "bitwright quantize MODEL.onnx --data FOLDER --recipe 'int8-static(observer=mse)' -o small.onnx"};
}

}  // namespace bw
