#include "bench/calibrations.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "run/runtime.h"

namespace bw {
namespace {

std::string names_of(const Needs& needs) {
  std::string text;
  for (const auto& [value, keys] : needs.by_value)
    for (const StatisticKey& key : keys) text += fmt::format("{}:{}:{} ", value, key.kind, key.axis);
  return text;
}

bool covers(const Needs& known, const Needs& wanted) {
  return std::ranges::all_of(wanted.by_value, [&](const auto& wish) {
    const auto found = known.by_value.find(wish.first);
    return found != known.by_value.end() && std::ranges::includes(found->second, wish.second);
  });
}

}  // namespace

std::size_t calibrating_samples(std::size_t available, const CalibrationChoice& choice) {
  const std::size_t most = choice.judged ? std::max<std::size_t>(1, available - available / 5) : available;
  return std::min(choice.samples, most);
}

Calibrations::Calibrations(const LoadedModel& model, const Dataset& dataset, const CalibrationChoice& choice,
                           Checkpoint& checkpoint)
    : model_(model), dataset_(dataset), choice_(choice), checkpoint_(checkpoint) {}

std::string Calibrations::data_hash() const {
  return dataset_.description()["sha256"].get<std::string>();
}

const Calibration& Calibrations::of(const Graph& graph, const Needs& needs) {
  const std::string hash = content_hash(graph);
  for (const Kept& kept : kept_)
    if (kept.graph == hash && covers(kept.calibration.evidence.needs(), needs)) return kept.calibration;
  kept_.push_back({hash, pass(graph, hash, needs)});
  for (const std::string& note : kept_.back().calibration.notes)
    if (warned_of_.insert(note).second) choice_.console->warn(fmt::format("{}: {}", model_.name, note));
  return kept_.back().calibration;
}

Calibration Calibrations::pass(const Graph& graph, const std::string& hash, const Needs& needs) const {
  const Part part{.model = model_.name,
                  .of = "all recipes",
                  .what = "calibration",
                  .from = {{"the model", hash},
                           {"the data", data_hash()},
                           {"the number of samples", std::to_string(count())},
                           {"--calibration-samples", std::to_string(choice_.samples)},
                           {"--balanced", choice_.balanced ? "yes" : "no"},
                           {"--seed", std::to_string(choice_.seed)},
                           {"the runtime", name_and_version(available_runtime(choice_.runtime))},
                           {"what the recipes have to see", names_of(needs)}}};
  return checkpoint_.calibration(part, [&] { return once(graph, needs); });
}

Calibration Calibrations::once(const Graph& graph, const Needs& needs) const {
  const Split split = dataset_.calibration();
  SharedSamples samples(split, choose(split, count(), choice_.seed, choice_.balanced));
  return calibrate(
      graph, samples, needs,
      {.threads = choice_.threads, .wanted = choice_.samples, .worker = choice_.worker, .runtime = choice_.runtime});
}

std::size_t Calibrations::count() const {
  return calibrating_samples(dataset_.calibration().size(), choice_);
}

const Evidence& Looks::evidence(const Graph& graph, const Needs& needs) {
  const double begin = seconds_now();
  const Calibration& pass = calibrations_->of(graph, needs);
  waited_ += seconds_now() - begin;
  if (std::ranges::find(passes_, &pass) == passes_.end()) passes_.push_back(&pass);
  return pass.evidence;
}

Evidence Looks::glance(const Graph& graph, const Needs& needs) {
  Calibration pass = calibrations_->once(graph, needs);
  waited_ += pass.seconds;
  glanced_ += pass.seconds;
  glance_memory_ = std::max(glance_memory_, pass.peak_memory);
  return std::move(pass.evidence);
}

void Looks::note_in(Provenance& provenance) const {
  if (!any()) return;
  provenance.data_hash = calibrations_->data_hash();
  provenance.samples = samples();
}

std::size_t Looks::samples() const {
  return passes_.empty() ? 0 : passes_.front()->samples;
}

double Looks::seconds() const {
  double sum = glanced_;
  for (const Calibration* pass : passes_) sum += pass->seconds;
  return sum;
}

std::uint64_t Looks::peak_memory() const {
  std::uint64_t most = glance_memory_;
  for (const Calibration* pass : passes_) most = std::max(most, pass->peak_memory);
  return most;
}

std::vector<std::string> Looks::notes() const {
  std::vector<std::string> all;
  for (const Calibration* pass : passes_)
    for (const std::string& note : pass->notes)
      if (std::ranges::find(all, note) == all.end()) all.push_back(note);
  return all;
}

}  // namespace bw
