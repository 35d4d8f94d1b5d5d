#include "bench/bench.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <ctime>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/parallel.h"
#include "base/version.h"
#include "bench/accuracy.h"
#include "bench/model_bench.h"
#include "bench/model_names.h"
#include "method/fit.h"
#include "run/runtime.h"

namespace bw {
namespace {

constexpr const char* kSteps = ".resume";  // in the output folder

Environment environment(const MeasureOptions& options) {
  const Machine here = machine();
  Environment environment{.cpu = here.cpu,
                          .flags = here.flags,
                          .cores = here.cores,
                          .memory_bytes = here.memory_bytes,
                          .kernel = here.kernel,
                          .bitwright = std::string(kVersion),
                          .runtimes = {},
                          .threads = options.threads,
                          .seed = options.seed};
  for (const std::string& name : options.runtimes) environment.runtimes[name] = available_runtime(name).version();
  return environment;
}

// What lies among the candidates of an earlier run is replaced.
void require_outside(const std::vector<fs::path>& models, const fs::path& candidates) {
  const fs::path folder = fs::weakly_canonical(candidates);
  for (const fs::path& path : models) {
    const fs::path model = fs::weakly_canonical(path);
    if (std::mismatch(folder.begin(), folder.end(), model.begin(), model.end()).first == folder.end())
      throw Error(ErrorKind::Usage, "the model lies among the candidates that this run would replace", path.string(),
                  "Give another folder with --output, or copy the model");
  }
}

bool is_candidate(const fs::directory_entry& entry) {
  return entry.is_directory() && !entry.is_symlink() && fs::exists(entry.path() / "plan.json");
}

// What an earlier run left in the folder, and this one's report does not name.
void remove_other_candidates(const fs::path& candidates, const Findings& findings) {
  std::set<fs::path> named;
  for (const ModelFindings& model : findings.models)
    for (const CandidateFindings& candidate : model.candidates)
      if (candidate.artifact) named.insert(candidates.parent_path() / fs::path(candidate.artifact->path).parent_path());
  if (!fs::is_directory(candidates)) return;
  for (const fs::directory_entry& model : fs::directory_iterator(candidates)) {
    if (!model.is_directory() || model.is_symlink()) continue;
    for (const fs::directory_entry& entry : fs::directory_iterator(model.path()))
      if (is_candidate(entry) && !named.contains(entry.path())) fs::remove_all(entry.path());
  }
}

// What an earlier run was writing when it was killed.
void remove_abandoned_files(const fs::path& output) {
  remove_abandoned(output);
  for (const char* inner : {kSteps, kCandidates}) {
    if (!fs::is_directory(output / inner)) continue;
    remove_abandoned(output / inner);
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(output / inner))
      if (entry.is_directory() && !entry.is_symlink()) remove_abandoned(entry.path());
  }
}

// By the labels' metric; without labels each output by what it is, which is a guess.
void say_how_outputs_are_judged(const std::vector<JudgedOutput>& outputs, ModelFindings& findings) {
  findings.metric = measure_without_labels(outputs);
  for (const JudgedOutput& output : outputs)
    if (!output.metrics.empty()) return void(findings.metric = output.metrics.front());
  for (const JudgedOutput& output : outputs)
    if (output.decides && output.kind == OutputKind::Numbers)
      findings.guessed.push_back(
          fmt::format("output '{}' is numbers, judged by fidelity; if it is class scores, say so in dataset.yaml: "
                      "outputs: {{{}: {{metric: agreement}}}}",
                      output.name, output.name));
    else if (output.decides && output.guessed)
      findings.guessed.push_back(
          fmt::format("output '{}' is class scores, judged by agreement; if it is not, say so in dataset.yaml: "
                      "outputs: {{{}: {{metric: fidelity}}}}",
                      output.name, output.name));
}

void say_what_fits(const LoadedModel& model, const Target& target, ModelFindings& findings) {
  const std::vector<RecipeFit> all = fits(task_for(model, target));
  for (const RecipeFit& one : all) findings.compatibility[std::string(one.group)] |= one.fit.reason.empty();
  findings.recommended_methods = recommended(all);
}

}  // namespace

Findings start_findings(const MeasureOptions& options) {
  Findings findings;
  findings.created = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  findings.command = options.command;
  findings.environment = environment(options);
  return findings;
}

ModelFindings describe(const LoadedModel& model, const Dataset& dataset, const Target& target,
                       const MeasureOptions& options) {
  ModelFindings findings;
  findings.name = model.name;
  findings.path = model.path.string();
  findings.bytes = model.bytes;
  findings.sha256 = model.sha256;
  findings.runtime = options.runtimes.front();
  findings.opset = model.original.opset();
  findings.nodes = model.original.nodes.size();
  findings.architecture = architecture(model.prepared);
  say_what_fits(model, target, findings);
  findings.dataset_name = dataset.name();
  findings.dataset_path = options.data.string();
  findings.task = name_of(dataset.task());
  findings.notes = model.notes;
  findings.guessed = dataset.guesses();
  say_how_outputs_are_judged(judged_outputs(model.prepared, dataset), findings);
  return findings;
}

Findings bench(const BenchOptions& options, const BenchListener& listener) {
  const ThreadLimit limit(options.threads);
  require_writable_folder(options.output);
  const std::vector<std::string> names = model_names(options.models);
  require_outside(options.models, options.output / kCandidates);
  Findings findings = start_findings(options);
  findings.constraints = options.constraints;
  remove_abandoned_files(options.output);
  Checkpoint checkpoint(options.output / kSteps, options.resume);
  if (options.resume) options.console->say(fmt::format("resume: {}", checkpoint.left()));
  for (std::size_t i = 0; i < options.models.size(); ++i) {
    findings.models.push_back(ModelBench(options.models[i], names[i], options, checkpoint).run(listener));
    if (options.resume)
      options.console->say(fmt::format("resume: {}: {}", findings.models.back().name, checkpoint.used()));
    if (findings.models.size() == options.models.size())
      remove_other_candidates(options.output / kCandidates, findings);
    if (listener.model_done) listener.model_done(findings);
  }
  checkpoint.clear();
  return findings;
}

}  // namespace bw
