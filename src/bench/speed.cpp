#include "bench/speed.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace bw {

Speed::Speed(Deployment original, SharedSamples& samples, const SpeedOptions& options, Checkpoint& checkpoint)
    : original_(std::move(original)), samples_(samples), options_(options), checkpoint_(checkpoint) {}

void Speed::enter(const std::string& candidate, const Deployment& model, const Part& speed,
                  const std::string& structure) {
  auto entrant = std::ranges::find_if(
      entrants_, [&](const Entrant& e) { return e.structure == structure && e.runtime == model.runtime; });
  if (entrant == entrants_.end())
    entrant = entrants_.insert(
        entrant, Entrant{.structure = structure, .runtime = model.runtime, .candidates = {}, .visits = {}});
  entrant->candidates.push_back({candidate, model, speed});
}

std::size_t Speed::entrant_of(const std::string& candidate) const {
  const auto found = std::ranges::find_if(entrants_, [&](const Entrant& entrant) {
    return std::ranges::find(entrant.candidates, candidate, &Candidate::name) != entrant.candidates.end();
  });
  return static_cast<std::size_t>(found - entrants_.begin());
}

bool Speed::wants_visit(const std::string& candidate) const {
  const std::span<const Visit> visits = visits_of(candidate);
  const std::size_t at = entrant_of(candidate);
  return at < entrants_.size() && visits.size() < 2 * options_.visits &&
         std::ranges::count_if(visits, judges) < static_cast<std::ptrdiff_t>(options_.visits);
}

std::size_t Speed::missing_visits() const {
  std::size_t missing = 0;
  for (const Entrant& entrant : entrants_)
    missing += options_.visits -
               std::min(options_.visits, static_cast<std::size_t>(std::ranges::count_if(entrant.visits, judges)));
  return missing;
}

Part Speed::part_of(const Candidate& candidate, std::size_t visit) const {
  Part part = candidate.speed;
  part.what += fmt::format(" {}", visit + 1);
  part.from.emplace_back("--latency-seconds", fmt::format("{}", options_.visit.seconds));
  part.from.emplace_back("the warm-up", fmt::format("{}", options_.visit.warm_up));
  part.from.emplace_back("the number of turns", std::to_string(options_.visit.least_turns));
  part.from.emplace_back("the visit", std::to_string(visit + 1));
  return part;
}

double Speed::visit(const std::string& candidate) {
  Entrant& entrant = entrants_.at(entrant_of(candidate));
  const Candidate& one = *std::ranges::find(entrant.candidates, candidate, &Candidate::name);
  entrant.visits.push_back(checkpoint_.visit(part_of(one, entrant.visits.size()), [&] {
    return bw::visit(options_.worker, original_, one.model, samples_, options_.visit);
  }));
  return entrant.visits.back().seconds;
}

std::span<const Visit> Speed::visits_of(const std::string& candidate) const {
  const std::size_t at = entrant_of(candidate);
  return at < entrants_.size() ? std::span(entrants_[at].visits) : std::span<const Visit>{};
}

std::vector<Visit> Speed::all_visits() const {
  std::vector<Visit> all;
  for (const Entrant& entrant : entrants_) all.insert(all.end(), entrant.visits.begin(), entrant.visits.end());
  return all;
}

std::vector<std::string> Speed::timed_with(const std::string& candidate) const {
  std::vector<std::string> others;
  if (const std::size_t at = entrant_of(candidate); at < entrants_.size())
    for (const Candidate& other : entrants_[at].candidates)
      if (other.name != candidate) others.push_back(other.name);
  return others;
}

}  // namespace bw
