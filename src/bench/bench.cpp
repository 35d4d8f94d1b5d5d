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
#include "base/progress.h"
#include "base/version.h"
#include "bench/measured.h"
#include "bench/recommend.h"
#include "observe/calibrate.h"
#include "run/runtime.h"

namespace bw {
namespace {

// In the output folder.
constexpr const char *kCandidates = "candidates", *kSteps = ".resume";

Environment environment(const BenchOptions& options) {
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
  for (const Runtime& runtime : runtimes())
    if (runtime.available()) environment.runtimes[std::string(runtime.name)] = runtime.version();
  return environment;
}

void introduce(const ModelFindings& findings) {
  say(fmt::format("{}: {} of {} nodes, {} parameters", findings.name, findings.architecture.type, findings.nodes,
                  findings.architecture.parameters));
  for (const std::string& guess : findings.guessed) say("  guessed: " + guess);
}

std::string names_of(const Needs& needs) {
  std::string text;
  for (const auto& [value, keys] : needs.by_value)
    for (const StatisticKey& key : keys) text += fmt::format("{}:{}:{} ", value, static_cast<int>(key.kind), key.axis);
  return text;
}

// One model on its way through the job.
class ModelBench {
 public:
  ModelBench(const fs::path& path, const BenchOptions& options, Checkpoint& checkpoint)
      : options_(options),
        checkpoint_(checkpoint),
        model_(load_model(path, options.read)),
        target_(target_named(options.target)),
        task_{.graph = model_.prepared, .target = target_, .seed = options.seed, .cpu_has_vnni = machine().has_vnni()},
        dataset_(open_data_for(model_, options.data, options.open)) {}

  ModelFindings run() {
    findings_ = describe(model_, dataset_, options_);
    introduce(findings_);
    const Calibration calibration = calibrated();
    std::vector<Candidate> candidates = made(calibration);
    Measurer measurer(model_, dataset_, options_, checkpoint_);
    findings_.evaluation_samples = measurer.samples();
    if (options_.baseline) measure(measurer, candidates);
    judge(findings_, options_.constraints);
    findings_.pareto = pareto_front(findings_.candidates);
    findings_.recommended = recommend(findings_, options_.constraints);
    return std::move(findings_);
  }

 private:
  // None of a recipe that cannot be carried out for this model: making it says why, in its row.
  Needs needs_of(const Recipe& recipe) const {
    try {
      return needs(resolve(recipe), task_);
    } catch (const Error&) {
      return {};
    }
  }

  // One pass serves every recipe.
  Calibration calibrated() {
    Needs all;
    for (const Recipe& recipe : options_.recipes) all.add(needs_of(recipe));
    if (all.empty()) return {};
    const Split split = dataset_.calibration();
    const std::size_t count = std::min(options_.calibration_samples, split.size());
    const std::string key = fmt::format("{} {} {} {} {} {}", content_hash(model_.prepared),
                                        dataset_.description()["sha256"].get<std::string>(), count, options_.balanced,
                                        options_.seed, names_of(all));
    Calibration calibration = checkpoint_.calibration(key, [&] {
      SharedSamples samples(split, choose(split, count, options_.seed, options_.balanced));
      return calibrate(model_.prepared, samples, all,
                       {.threads = options_.threads,
                        .wanted = options_.calibration_samples,
                        .silence = options_.worker.silence,
                        .address_space = options_.worker.memory});
    });
    for (const std::string& note : calibration.notes) warn(fmt::format("{}: {}", model_.name, note));
    findings_.calibration_samples = calibration.samples;
    return calibration;
  }

  std::vector<Candidate> made(const Calibration& calibration) {
    std::vector<Candidate> candidates;
    for (const Recipe& recipe : options_.recipes) {
      throw_if_interrupted();
      CandidateFindings row;
      row.name = candidate_name(recipe);
      row.recipe = to_string(recipe);
      row.method = resolve(recipe).group();
      row.target = target_.name;
      row.hardware_target = target_.hardware_target;
      row.command = fmt::format("bitwright quantize {} --data {} --recipe '{}'", model_.path.string(),
                                options_.data.string(), row.recipe);
      candidates.push_back(made(recipe, calibration, row));
      findings_.candidates.push_back(std::move(row));
    }
    return candidates;
  }

  // A recipe that cannot be carried out is a row; a file that cannot be written ends the run.
  Candidate made(const Recipe& recipe, const Calibration& calibration, CandidateFindings& row) {
    const bool uses_data = !needs_of(recipe).empty();
    Provenance provenance;
    if (uses_data) {
      provenance.data_hash = dataset_.description()["sha256"].get<std::string>();
      provenance.samples = calibration.samples;
    }
    Candidate candidate;
    candidate.recipe = recipe;
    try {
      candidate = make_candidate(task_, recipe, calibration.evidence, provenance);
    } catch (const Error& error) {
      note_failure(row, error);
      return candidate;
    }
    const fs::path folder = options_.output / kCandidates / model_.name / candidate.name;
    row.artifact = write_candidate(candidate, folder, model_.name, options_.output);
    row.notes = candidate.plan.notes;
    if (uses_data) row.notes.insert(row.notes.end(), calibration.notes.begin(), calibration.notes.end());
    row.float_nodes = candidate.float_nodes;
    row.layers_quantized = candidate.layers_quantized;
    row.layers_total = candidate.layers_total;
    row.seconds.quantize = candidate.seconds;
    if (uses_data) row.seconds.calibrate = calibration.seconds;
    return candidate;
  }

  void measure(Measurer& measurer, const std::vector<Candidate>& candidates) {
    Progress progress(fmt::format("{}: measuring", model_.name), candidates.size() + 1);
    measurer.measure_float(findings_);
    progress.advance();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      throw_if_interrupted();
      CandidateFindings& row = findings_.candidates[i];
      if (row.artifact) measurer.measure(row, candidates[i], options_.output / row.artifact->path);
      progress.advance();
    }
  }

  const BenchOptions& options_;
  Checkpoint& checkpoint_;
  const LoadedModel model_;
  const Target& target_;
  const Task task_;
  const Dataset dataset_;
  ModelFindings findings_;
};

// Candidates go to folders of their model's name.
void require_different_names(const std::vector<fs::path>& models) {
  std::set<std::string> names;
  for (const fs::path& path : models)
    if (!names.insert(path.stem().string()).second)
      throw Error(ErrorKind::Usage, fmt::format("another model is called '{}' too", path.stem().string()),
                  path.string(), "Rename one of the two, or bench them into different folders");
}

bool is_candidate(const fs::directory_entry& entry) {
  return entry.is_directory() && !entry.is_symlink() && fs::exists(entry.path() / "plan.json");
}

// What an earlier run left in the folder, and this one's report does not name.
void remove_other_candidates(const fs::path& candidates, const Findings& findings) {
  std::set<fs::path> named;
  for (const ModelFindings& model : findings.models)
    for (const CandidateFindings& candidate : model.candidates)
      if (candidate.artifact) named.insert(candidates / model.name / candidate.name);
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

}  // namespace

Findings start_findings(const BenchOptions& options) {
  Findings findings;
  findings.created = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  findings.command = options.command;
  findings.environment = environment(options);
  findings.constraints = options.constraints;
  return findings;
}

ModelFindings describe(const LoadedModel& model, const Dataset& dataset, const BenchOptions& options) {
  ModelFindings findings;
  findings.name = model.name;
  findings.path = model.path.string();
  findings.bytes = model.bytes;
  findings.sha256 = model.sha256;
  findings.opset = model.original.opset();
  findings.nodes = model.original.nodes.size();
  findings.architecture = architecture(model.prepared, target_named(options.target));
  findings.dataset_name = dataset.name();
  findings.dataset_path = options.data.string();
  findings.task = name_of(dataset.task());
  if (!dataset.metrics().empty() && dataset.task() != TaskKind::Outputs) findings.metric = dataset.metrics().front();
  findings.guessed = dataset.guesses();
  return findings;
}

Findings bench(const BenchOptions& options, const BenchProgress& model_done) {
  require_different_names(options.models);
  Findings findings = start_findings(options);
  remove_abandoned_files(options.output);
  Checkpoint checkpoint(options.output / kSteps, options.resume);
  for (const fs::path& path : options.models) {
    findings.models.push_back(ModelBench(path, options, checkpoint).run());
    if (findings.models.size() == options.models.size())
      remove_other_candidates(options.output / kCandidates, findings);
    if (model_done) model_done(findings);
  }
  checkpoint.clear();
  return findings;
}

}  // namespace bw
