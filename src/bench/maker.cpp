#include "bench/maker.h"

#include "base/error.h"

namespace bw {
namespace {

Task task_for(const LoadedModel& model, const Target& target, const CalibrationChoice& choice) {
  Task task = bw::task_for(model, target, choice.seed);
  task.console = choice.console;
  task.stop = choice.worker.stop;
  return task;
}

}  // namespace

Maker::Maker(const LoadedModel& model, const Target& target, const Dataset* dataset, const CalibrationChoice& choice,
             Checkpoint& checkpoint)
    : task_(task_for(model, target, choice)) {
  if (dataset == nullptr) return;
  calibrations_.emplace(model, *dataset, choice, checkpoint);
  if (choice.judged && !judging_samples(dataset->calibration(), choice).empty())
    judge_.emplace(model, *dataset, choice);
}

// None of a recipe that cannot be carried out for this model: making it says why.
Needs Maker::needs_of(const Recipe& recipe) const {
  try {
    return needs(resolve(recipe), task_);
  } catch (const Error&) {
    return {};
  }
}

std::size_t Maker::calibrate_for(std::span<const Recipe> recipes) {
  Needs all;
  for (const Recipe& recipe : recipes) all.add(needs_of(recipe));
  return all.empty() || !calibrations_ ? 0 : calibrations_->of(task_.graph, all).samples;
}

Task Maker::task_with(Looks& looks) {
  Task task = task_;
  if (calibrations_) task.calibrator = &looks;
  if (judge_) task.judge = &*judge_;
  return task;
}

Made Maker::make(const Recipe& recipe) {
  Made made{{}, {}, Looks(calibrations_ ? &*calibrations_ : nullptr)};
  made.candidate = make_candidate(task_with(made.looks), recipe);
  made.looks.note_in(made.candidate.plan.provenance);
  return made;
}

Made Maker::make(const Recipe& recipe, const std::filesystem::path& file, Trial& trial) {
  Made made{{}, {}, Looks(calibrations_ ? &*calibrations_ : nullptr)};
  Proven proven = make_proven(task_with(made.looks), recipe, file, trial);
  made.candidate = std::move(proven.candidate);
  made.written = std::move(proven.written);
  made.looks.note_in(made.candidate.plan.provenance);
  return made;
}

}  // namespace bw
