#include "bench/model_bench.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/progress.h"
#include "base/stop.h"
#include "bench/preprocessing.h"
#include "bench/recommend.h"
#include "format/format.h"
#include "run/runtime.h"

namespace bw {
namespace {

// What the float model's rows are called in other runtimes than the first: name, recipe and method.
constexpr const char* kFloat = "float";

void introduce(const ModelFindings& findings, const Console& console) {
  console.say(fmt::format("{}: {} of {} nodes, {} parameters", findings.name, findings.architecture.type,
                          findings.nodes, findings.architecture.parameters));
  for (const std::string& note : findings.notes) console.say("  note: " + note);
  for (const std::string& guess : findings.guessed) console.say("  guessed: " + guess);
}

bool can_be_measured(const CandidateFindings& row) {
  return row.artifact && row.status == Status::Ok;
}

CalibrationChoice choice_of(const BenchOptions& options) {
  const auto asks_a_judge = [](const Recipe& recipe) { return needs_judge(resolve(recipe)); };
  return {.samples = options.calibration_samples,
          .balanced = options.balanced,
          .seed = options.seed,
          .threads = options.threads,
          .worker = options.worker,
          .runtime = options.runtimes.front(),
          .judged = std::ranges::any_of(options.recipes, asks_a_judge),
          .console = options.console};
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
      dataset_(open_data_for(model_, options.data, options.open)),
      maker_(model_, target_, &dataset_, choice_of(options), checkpoint) {}

ModelFindings ModelBench::run(const BenchListener& listener) {
  findings_ = describe(model_, dataset_, target_, options_);
  introduce(findings_, *options_.console);
  findings_.calibration_samples = maker_.calibrate_for(options_.recipes);
  Trial trial({*model_.runnable, findings_.runtime}, first_samples(dataset_.evaluation()), options_.worker);
  for (const Recipe& recipe : options_.recipes) {
    throw_if_stopped(options_.worker.stop);
    CandidateFindings row;
    ports_.push_back(made(recipe, trial, row));
    findings_.candidates.push_back(std::move(row));
  }
  add_other_runtimes();
  const Effort quick = quick_effort(options_, trial.sample_seconds() / options_.threads);
  if (options_.baseline) {
    const double expected = measure_quickly(listener, quick);
    if (!options_.quick) measure_fully(listener, expected);
  }
  decide();
  return std::move(findings_);
}

// What the recipe looked at.
void ModelBench::note_data(const Looks& looks, CandidateFindings& row) {
  findings_.calibration_samples = looks.samples();
  row.notes = looks.notes();
  row.seconds.calibrate = looks.seconds();
}

// A recipe that cannot be carried out, or whose file does not work, is a row; a file that cannot be written ends the
// run.
Ports ModelBench::made(const Recipe& recipe, Trial& trial, CandidateFindings& row) {
  row.name = candidate_name(recipe);
  row.recipe = to_string(recipe);
  row.method = resolve(recipe).group();
  row.target = target_.name;
  row.hardware_target = target_.hardware_target;
  row.runtime = findings_.runtime;
  row.command = fmt::format("bitwright quantize {} --data {} --recipe '{}'", model_.path.string(),
                            options_.data.string(), row.recipe);
  const fs::path folder = options_.output / kCandidates / model_.name / row.name;
  std::optional<Made> made;
  try {
    make_folder(folder);
    made = maker_.make(recipe, folder / (model_.name + std::string(format_named(target_.format).extension)), trial);
    row.artifact = described(made->written.files, options_.output);
  } catch (const Error& error) {
    note_failure(row, error);
    return {};
  }
  if (made->looks.any()) note_data(made->looks, row);
  Candidate& candidate = made->candidate;
  write_plan(candidate.plan, folder / "plan.json");
  row.notes.insert(row.notes.begin(), candidate.plan.notes.begin(), candidate.plan.notes.end());
  row.float_nodes = candidate.float_nodes;
  row.layers_quantized = candidate.layers_quantized;
  row.layers_total = candidate.layers_total;
  row.seconds.quantize = candidate.seconds - made->looks.waited();
  return std::move(candidate.artifact.ports);
}

// The float model and every candidate that was made, in each runtime but the first.
void ModelBench::add_other_runtimes() {
  const std::vector<std::string>& runtimes = options_.runtimes;
  const std::vector<CandidateFindings> rows = findings_.candidates;
  const auto add = [&](CandidateFindings row, const std::string& runtime, const Ports& ports) {
    row.name += "@" + runtime;
    row.runtime = runtime;
    findings_.candidates.push_back(std::move(row));
    ports_.push_back(ports);
  };
  CandidateFindings unchanged;
  unchanged.name = unchanged.recipe = unchanged.method = kFloat;
  unchanged.target = target_.name;
  unchanged.hardware_target = target_.hardware_target;
  unchanged.artifact = described(files_of(model_.path), options_.output);
  for (std::size_t i = 1; i < runtimes.size(); ++i) {
    add(unchanged, runtimes[i], {});
    for (std::size_t k = 0; k < rows.size(); ++k)
      if (can_be_measured(rows[k])) add(rows[k], runtimes[i], ports_[k]);
  }
}

// What stands for the float model is the file that runtimes load in its place.
fs::path ModelBench::file_of(const CandidateFindings& row) const {
  return row.method == kFloat ? *model_.runnable : options_.output / row.artifact->path;
}

// Plans lie beside their files while others are made and measured: memory does not grow with their number.
Plan ModelBench::plan_of(const CandidateFindings& row) const {
  return row.method == kFloat ? Plan{} : read_plan(file_of(row).parent_path() / "plan.json");
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
    throw_if_stopped(options_.worker.stop);
    CandidateFindings& row = findings_.candidates[i];
    if (can_be_measured(row)) {
      measurer.measure(row, plan_of(row), file_of(row), ports_[i]);
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
  const Console& console = *options_.console;
  console.warn(fmt::format("{}: {}", model_.name, findings_.doubts.front()));
  for (const std::string& guess : findings_.guessed) console.warn(fmt::format("{}: guessed: {}", model_.name, guess));
  for (const std::string& hint : hints_) console.warn(fmt::format("{}: {}", model_.name, hint));
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
  Countdown countdown(*options_.console, fmt::format("{}: measuring", model_.name), steps + 1, expected);
  countdown.next("float", expected / static_cast<double>(steps + 1));
  measurer.measure_float(findings_);
  if (!findings_.doubts.empty()) findings_.doubts.insert(findings_.doubts.end(), hints_.begin(), hints_.end());
  if (steps == 0) measurer.time_float();
  for (std::size_t i = 0; i < findings_.candidates.size(); ++i) {
    throw_if_stopped(options_.worker.stop);
    CandidateFindings& row = findings_.candidates[i];
    if (!can_be_measured(row)) continue;
    countdown.next(row.name, expected / static_cast<double>(steps + 1));
    measurer.measure(row, plan_of(row), file_of(row), ports_[i]);
  }
  measure_speed(measurer);
}

// In rounds over all candidates, so that what disturbs the machine for a while disturbs each a little.
void ModelBench::measure_speed(Measurer& measurer) {
  Progress progress(*options_.console, fmt::format("{}: measuring speed", model_.name), measurer.missing_visits());
  for (bool more = true; more;) {
    more = false;
    for (CandidateFindings& row : findings_.candidates) {
      throw_if_stopped(options_.worker.stop);
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
