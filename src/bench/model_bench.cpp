#include "bench/model_bench.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/progress.h"
#include "bench/preprocessing.h"
#include "bench/recommend.h"

namespace bw {
namespace {

void introduce(const ModelFindings& findings) {
  say(fmt::format("{}: {} of {} nodes, {} parameters", findings.name, findings.architecture.type, findings.nodes,
                  findings.architecture.parameters));
  for (const std::string& note : findings.notes) say("  note: " + note);
  for (const std::string& guess : findings.guessed) say("  guessed: " + guess);
}

std::string names_of(const Needs& needs) {
  std::string text;
  for (const auto& [value, keys] : needs.by_value)
    for (const StatisticKey& key : keys) text += fmt::format("{}:{}:{} ", value, static_cast<int>(key.kind), key.axis);
  return text;
}

bool can_be_measured(const CandidateFindings& row) {
  return row.artifact && row.status == Status::Ok;
}

LoadedModel named(LoadedModel model, const std::string& name) {
  model.name = name;
  return model;
}

}  // namespace

ModelBench::ModelBench(const fs::path& path, const std::string& name, const BenchOptions& options,
                       Checkpoint& checkpoint)
    : options_(options),
      checkpoint_(checkpoint),
      model_(named(load_model(path, options.intake), name)),
      target_(target_named(options.target)),
      task_{.graph = model_.prepared,
            .target = target_,
            .seed = options.seed,
            .cpu_has_vnni = machine().has_vnni(),
            .stored = &model_.original,
            .base = model_.base},
      dataset_(open_data_for(model_, options.data, options.open)) {}

ModelFindings ModelBench::run(const BenchListener& listener) {
  findings_ = describe(model_, dataset_, options_);
  introduce(findings_);
  const Calibration calibration = calibrated();
  Trial trial(*model_.runnable, first_samples(dataset_.evaluation()), options_.worker);
  for (const Recipe& recipe : options_.recipes) {
    throw_if_interrupted();
    CandidateFindings row;
    plans_.push_back(made(recipe, calibration, trial, row));
    findings_.candidates.push_back(std::move(row));
  }
  const Effort quick = quick_effort(options_, trial.sample_seconds() / options_.threads);
  if (options_.baseline) {
    const double expected = measure_quickly(listener, quick);
    if (!options_.quick) measure_fully(listener, expected);
  }
  decide();
  return std::move(findings_);
}

// None of a recipe that cannot be carried out for this model: making it says why, in its row.
Needs ModelBench::needs_of(const Recipe& recipe) const {
  try {
    return needs(resolve(recipe), task_);
  } catch (const Error&) {
    return {};
  }
}

// One pass serves every recipe.
Calibration ModelBench::calibrated() {
  Needs all;
  for (const Recipe& recipe : options_.recipes) all.add(needs_of(recipe));
  if (all.empty()) return {};
  const Split split = dataset_.calibration();
  const std::size_t count = std::min(options_.calibration_samples, split.size());
  const Part part{.model = model_.name,
                  .of = "all recipes",
                  .what = "calibration",
                  .from = {{"the model", content_hash(model_.prepared)},
                           {"the data", dataset_.description()["sha256"].get<std::string>()},
                           {"the number of samples", std::to_string(count)},
                           {"--calibration-samples", std::to_string(options_.calibration_samples)},
                           {"--balanced", options_.balanced ? "yes" : "no"},
                           {"--seed", std::to_string(options_.seed)},
                           {"what the recipes have to see", names_of(all)}}};
  Calibration calibration = checkpoint_.calibration(part, [&] {
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

// A recipe that cannot be carried out, or whose file does not work, is a row; a file that cannot be written ends the
// run.
Plan ModelBench::made(const Recipe& recipe, const Calibration& calibration, Trial& trial,
                      CandidateFindings& row) const {
  row.name = candidate_name(recipe);
  row.recipe = to_string(recipe);
  row.method = resolve(recipe).group();
  row.target = target_.name;
  row.hardware_target = target_.hardware_target;
  row.command = fmt::format("bitwright quantize {} --data {} --recipe '{}'", model_.path.string(),
                            options_.data.string(), row.recipe);
  const bool uses_data = !needs_of(recipe).empty();
  Provenance provenance;
  if (uses_data) {
    provenance.data_hash = dataset_.description()["sha256"].get<std::string>();
    provenance.samples = calibration.samples;
  }
  const fs::path folder = options_.output / kCandidates / model_.name / row.name;
  Candidate candidate;
  try {
    make_folder(folder);
    const fs::path file = folder / (model_.name + ".onnx");
    candidate = make_proven(task_, recipe, calibration.evidence, provenance, file, trial).candidate;
    row.artifact = described(file, options_.output);
  } catch (const Error& error) {
    note_failure(row, error);
    return {};
  }
  write_plan(candidate.plan, folder / "plan.json");
  row.notes = candidate.plan.notes;
  if (uses_data) row.notes.insert(row.notes.end(), calibration.notes.begin(), calibration.notes.end());
  row.float_nodes = candidate.float_nodes;
  row.layers_quantized = candidate.layers_quantized;
  row.layers_total = candidate.layers_total;
  row.seconds.quantize = candidate.seconds;
  if (uses_data) row.seconds.calibrate = calibration.seconds;
  return std::move(candidate.plan);
}

// Gives the seconds that a full measurement is expected to take.
double ModelBench::measure_quickly(const BenchListener& listener, const Effort& effort) {
  const Effort full = full_effort(options_);
  Measurer measurer(model_, dataset_, options_, effort, checkpoint_);
  findings_.evaluation_samples = measurer.samples();
  if (listener.begin) listener.begin(findings_);
  const double begin = seconds_now();
  measurer.measure_float(findings_);
  const double float_seconds = seconds_now() - begin;
  doubt();
  if (std::ranges::none_of(findings_.candidates, can_be_measured)) measurer.time_float(), measurer.conclude(findings_);
  double expected = float_seconds;
  for (std::size_t i = 0; i < findings_.candidates.size(); ++i) {
    throw_if_interrupted();
    CandidateFindings& row = findings_.candidates[i];
    if (can_be_measured(row)) {
      measurer.measure(row, plans_[i], options_.output / row.artifact->path);
      while (measurer.wants_visit(row)) measurer.visit(row);
      measurer.conclude(findings_);
      expected += measurer.expected_seconds(row, full);
    }
    if (listener.row) listener.row(findings_, row);
  }
  return expected;
}

// Looks for what would fit better, once.
void ModelBench::doubt() {
  if (findings_.doubts.empty()) return;
  hints_ = better_preprocessing(model_, dataset_, options_);
  warn(fmt::format("{}: {}", model_.name, findings_.doubts.front()));
  for (const std::string& guess : findings_.guessed) warn(fmt::format("{}: guessed: {}", model_.name, guess));
  for (const std::string& hint : hints_) warn(fmt::format("{}: {}", model_.name, hint));
  findings_.doubts.insert(findings_.doubts.end(), hints_.begin(), hints_.end());
}

void ModelBench::measure_fully(const BenchListener& listener, double expected) {
  const Effort full = full_effort(options_);
  decide();
  if (listener.quick_done) listener.quick_done(findings_, expected);
  for (CandidateFindings& row : findings_.candidates)
    if (row.status == Status::NotBetter) row.status = Status::Ok, row.reason.clear();
  Measurer measurer(model_, dataset_, options_, full, checkpoint_);
  findings_.evaluation_samples = measurer.samples();
  const auto steps = static_cast<std::size_t>(std::ranges::count_if(findings_.candidates, can_be_measured));
  Countdown countdown(fmt::format("{}: measuring", model_.name), steps + 1, expected);
  countdown.next("float", expected / static_cast<double>(steps + 1));
  measurer.measure_float(findings_);
  if (!findings_.doubts.empty()) findings_.doubts.insert(findings_.doubts.end(), hints_.begin(), hints_.end());
  if (steps == 0) measurer.time_float();
  for (std::size_t i = 0; i < findings_.candidates.size(); ++i) {
    throw_if_interrupted();
    CandidateFindings& row = findings_.candidates[i];
    if (!can_be_measured(row)) continue;
    countdown.next(row.name, expected / static_cast<double>(steps + 1));
    measurer.measure(row, plans_[i], options_.output / row.artifact->path);
  }
  measure_speed(measurer);
}

// In rounds over all candidates, so that what disturbs the machine for a while disturbs each a little.
void ModelBench::measure_speed(Measurer& measurer) {
  Progress progress(fmt::format("{}: measuring speed", model_.name), measurer.missing_visits());
  for (bool more = true; more;) {
    more = false;
    for (CandidateFindings& row : findings_.candidates) {
      throw_if_interrupted();
      if (!measurer.wants_visit(row)) continue;
      measurer.visit(row);
      progress.advance();
      more = true;
    }
  }
  measurer.conclude(findings_);
}

void ModelBench::decide() {
  judge(findings_, options_.constraints);
  findings_.pareto = pareto_front(findings_.candidates);
  findings_.recommended = recommend(findings_, options_.constraints);
}

}  // namespace bw
