#include "bench/recommend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace bw {
namespace {

constexpr double kSameSpeed = 1.10, kSameSize = 0.97;

bool is_known(const std::optional<Figure>& figure) {
  return figure && figure->value && std::isfinite(*figure->value);
}
double retention(const CandidateFindings& c) {
  return is_known(c.accuracy_retention) ? *c.accuracy_retention->value : 0;
}
double latency_ratio(const CandidateFindings& c) {
  return c.latency && c.latency->ratio.value ? *c.latency->ratio.value : 1.0;
}
std::uint64_t size_of(const CandidateFindings& c) {
  return c.artifact ? c.artifact->bytes : std::numeric_limits<std::uint64_t>::max();
}

bool measured(const CandidateFindings& c) {
  return (c.status == Status::Ok || c.status == Status::NotBetter) && c.latency;
}

bool speed_is_known(const CandidateFindings& c) {
  return c.latency->ratio.value.has_value();
}

// The file of a model with so few bytes is mostly names and operators, whatever a method does to its weights.
bool size_counts(const ModelFindings& model) {
  constexpr std::uint64_t kLeastBytes = 16384;
  return model.bytes >= kLeastBytes;
}

double size_ratio(const CandidateFindings& c, const ModelFindings& model) {
  return static_cast<double>(size_of(c)) / static_cast<double>(model.bytes);
}

// What may be counted on: the ratio itself where it is certain to be below 1, else the worst that cannot be excluded.
double sure_time_ratio(const CandidateFindings& c) {
  if (!speed_is_known(c) || c.latency->verdict == Verdict::Same) return 1;
  if (c.latency->verdict == Verdict::Better || !c.latency->ratio.interval) return latency_ratio(c);
  return c.latency->ratio.interval->high;
}

bool worth(const CandidateFindings& c) {
  return c.status == Status::Ok && measured(c);
}

std::string percent(double fraction) {
  return fmt::format("{:.1f} %", 100 * fraction);
}

// A row as sentences have it: where several runtimes were measured, with its own.
std::string shown(const CandidateFindings& c, const ModelFindings& model) {
  const bool several = std::ranges::any_of(
      model.candidates, [&](const CandidateFindings& other) { return other.runtime != model.candidates[0].runtime; });
  return several ? fmt::format("{} in {}", c.name.substr(0, c.name.find('@')), c.runtime) : c.name;
}

// What of the float model is kept, as the end of a sentence.
std::string what_is_kept(const CandidateFindings& c) {
  if (!c.accuracy || c.accuracy->decided_by.empty()) return "the float model's accuracy";
  if (c.accuracy->decided_by == "agreement") return "the float model's answers";
  if (c.accuracy->decided_by == "fidelity") return fmt::format("the float model's output '{}'", c.accuracy->decided_on);
  return fmt::format("the float model's {}", c.accuracy->decided_by);
}

// Another size of an output explains much.
std::string resized(const CandidateFindings& c) {
  if (!c.accuracy) return "";
  for (const OutputFindings& output : c.accuracy->outputs)
    if (output.resized_samples > 0)
      return fmt::format("; output '{}' has another size than the float model's in {} samples", output.name,
                         output.resized_samples);
  return "";
}

// A gain in time that is certain, or in size, of which the other does not take too much away; else what is gained.
std::string too_little(const CandidateFindings& c, const ModelFindings& model, double least_gain) {
  const double time = sure_time_ratio(c), size = size_counts(model) ? size_ratio(c, model) : 1;
  if (time * size <= 1 - least_gain) return "";
  const std::string asked = fmt::format("a gain of {} is asked for", percent(least_gain));
  if (!size_counts(model) && size_ratio(c, model) < 1)
    return fmt::format("is not faster, and the model, of {} bytes, is too small to judge a method by its size",
                       model.bytes);
  if (time >= 1 && size >= 1) return "is neither faster nor smaller than the float model";
  if (time > 1)
    return fmt::format("gains too little: {} of the size, but up to {:.2f} of the time; {}", percent(size), time,
                       asked);
  if (size > 1)
    return fmt::format("gains too little: {:.2f} of the time, but {} of the size; {}", time, percent(size), asked);
  return fmt::format("gains too little: {:.2f} of the time and {} of the size; {}", time, percent(size), asked);
}

// What keeps a measured candidate from being worth shipping; empty when nothing does.
std::string shortfall(const CandidateFindings& c, const ModelFindings& model, const Constraints& limits) {
  if (!is_known(c.accuracy_retention))
    return fmt::format("what it keeps of the float model's accuracy is not known{}",
                       c.accuracy_retention ? ": " + c.accuracy_retention->reason : "");
  if (retention(c) < limits.accuracy_threshold)
    return fmt::format("keeps {} of {}, {} are asked for{}", percent(retention(c)), what_is_kept(c),
                       percent(limits.accuracy_threshold), resized(c));
  if (limits.max_latency_ratio && !speed_is_known(c))
    return fmt::format("its speed was not judged, at most {:.2f} of the float model's time are allowed: {}",
                       *limits.max_latency_ratio, c.latency->ratio.reason);
  if (limits.max_latency_ratio && latency_ratio(c) > *limits.max_latency_ratio)
    return fmt::format("takes {:.2f} of the float model's time, at most {:.2f} are allowed", latency_ratio(c),
                       *limits.max_latency_ratio);
  if (limits.max_size && size_of(c) > *limits.max_size)
    return fmt::format("has {} bytes, at most {} are allowed", size_of(c), *limits.max_size);
  return too_little(c, model, limits.least_gain);
}

// Whether the intervals allow that the two keep the same.
bool as_accurate(const CandidateFindings& c, const CandidateFindings& best) {
  const auto &own = c.accuracy_retention->interval, &its = best.accuracy_retention->interval;
  return retention(c) == retention(best) || (own && own->contains(retention(best))) ||
         (its && its->contains(retention(c)));
}

bool dominates(const CandidateFindings& a, const CandidateFindings& b) {
  const bool as_good = as_accurate(a, b), more_accurate = !as_good && retention(a) > retention(b);
  const bool no_worse = (as_good || more_accurate) && latency_ratio(a) <= latency_ratio(b) && size_of(a) <= size_of(b);
  return no_worse && (more_accurate || latency_ratio(a) < latency_ratio(b) || size_of(a) < size_of(b));
}

using Rows = std::vector<const CandidateFindings*>;

template <class Keep>
Rows filtered(const Rows& rows, Keep&& keep) {
  Rows kept;
  for (const CandidateFindings* row : rows)
    if (keep(*row)) kept.push_back(row);
  return kept;
}

// Whether all that the interval allows keeps what is asked for.
bool surely_keeps(const CandidateFindings& c, const Constraints& limits) {
  const auto& kept = c.accuracy_retention;
  return !kept->interval || kept->interval->low >= limits.accuracy_threshold;
}

// nullptr when no speed-up is certain.
const CandidateFindings* fastest_of(const Rows& rows) {
  const CandidateFindings* fastest = nullptr;
  for (const CandidateFindings* row : rows)
    if (row->latency->verdict == Verdict::Better && (!fastest || latency_ratio(*row) < latency_ratio(*fastest)))
      fastest = row;
  return fastest;
}

bool about_as_fast(const CandidateFindings& c, const CandidateFindings& fastest) {
  if (c.latency->verdict != Verdict::Better && c.latency->verdict != Verdict::Same) return false;
  const auto &interval = c.latency->ratio.interval, &least = fastest.latency->ratio.interval;
  return latency_ratio(c) <= kSameSpeed * latency_ratio(fastest) || (interval && least && interval->low <= least->high);
}

bool as_fast_as_float(const CandidateFindings& c) {
  return c.latency->verdict != Verdict::Worse && latency_ratio(c) <= 1.03;
}

// Candidates between which speed does not decide.
struct SpeedGroup {
  Rows rows;
  std::string_view says;
};

SpeedGroup speed_group(const Rows& rows) {
  if (const CandidateFindings* fastest = fastest_of(rows))
    return {filtered(rows, [&](const auto& c) { return about_as_fast(c, *fastest); }), "about as fast as the fastest"};
  if (Rows fast = filtered(rows, as_fast_as_float); !fast.empty())
    return {std::move(fast), "not measurably slower than the float model"};
  const double least =
      sure_time_ratio(**std::ranges::min_element(rows, {}, [](const auto* c) { return sure_time_ratio(*c); }));
  return {filtered(rows, [&](const auto& c) { return sure_time_ratio(c) <= kSameSpeed * least; }),
          "least slow, none being as fast as the float model"};
}

Rows smallest_of(const Rows& rows) {
  std::uint64_t least = size_of(*rows.front());
  for (const CandidateFindings* row : rows) least = std::min(least, size_of(*row));
  return filtered(
      rows, [&](const auto& c) { return kSameSize * static_cast<double>(size_of(c)) <= static_cast<double>(least); });
}

const CandidateFindings& most_accurate_of(const Rows& rows) {
  return **std::ranges::max_element(rows, {}, [](const auto* c) { return retention(*c); });
}

// Steps and parameters that somebody has to know of.
std::ptrdiff_t parts_of(const CandidateFindings& c) {
  return std::ranges::count_if(c.recipe, [](char letter) { return letter == '=' || letter == '+'; });
}

// Rows stand in the order of the findings; the first of equally simple ones.
const CandidateFindings& simplest_of(const Rows& rows) {
  return **std::ranges::min_element(rows, {}, [](const auto* c) { return parts_of(*c); });
}

// What the steps of the rule leave, one after the other.
struct Choice {
  Rows sure, fast, small, accurate;
  std::string_view speed;
  const CandidateFindings* best;
};

Choice choose_from(const Rows& rows, const Constraints& limits) {
  Choice choice;
  choice.sure = filtered(rows, [&](const auto& c) { return surely_keeps(c, limits); });
  if (choice.sure.empty()) choice.sure = rows;
  SpeedGroup group = speed_group(choice.sure);
  choice.fast = std::move(group.rows);
  choice.speed = group.says;
  choice.small = smallest_of(choice.fast);
  const CandidateFindings& accurate = most_accurate_of(choice.small);
  choice.accurate = filtered(choice.small, [&](const auto& c) { return as_accurate(c, accurate); });
  choice.best = &simplest_of(choice.accurate);
  return choice;
}

// Which step of the rule decided, where it was one of the last three.
std::string_view deciding_step(const Choice& choice) {
  if (choice.small.size() == 1) return "smallest";
  return choice.accurate.size() == 1 ? "most accurate" : "simplest";
}

std::string why(const Rows& rows, const Choice& choice) {
  if (rows.size() == 1) return "nothing else keeps the constraints";
  if (choice.sure.size() == 1) return "the only one whose interval of what it keeps clears the threshold";
  if (choice.fast.size() == 1)
    return choice.best->latency->verdict == Verdict::Better ? "the fastest"
                                                            : fmt::format("the only one {}", choice.speed);
  std::string text =
      fmt::format("the {} of the {} that are {}", deciding_step(choice), choice.fast.size(), choice.speed);
  if (choice.small.size() > 1)
    text += choice.small.size() == choice.fast.size() ? " and of one size"
                                                      : fmt::format(", {} of them smallest", choice.small.size());
  if (choice.small.size() > 1 && choice.accurate.size() > 1)
    text += fmt::format("; accuracy does not tell {} of them apart", choice.accurate.size());
  return text;
}

std::string gains(const CandidateFindings& c, const ModelFindings& model, const Constraints& limits) {
  std::string text;
  const double ratio = latency_ratio(c);
  if (c.latency->verdict == Verdict::Better)
    text = fmt::format("{:.2f} times as fast", 1 / ratio);
  else if (c.latency->verdict == Verdict::Same)
    text = "as fast";
  else if (!speed_is_known(c))
    text = "of a speed that was not judged";
  else
    text =
        c.latency->verdict == Verdict::Worse ? fmt::format("taking {:.2f} times as long", ratio) : "of uncertain speed";
  text += fmt::format(" and {} of the size, keeping {} of {}", percent(size_ratio(c, model)), percent(retention(c)),
                      what_is_kept(c));
  if (!surely_keeps(c, limits))
    text += fmt::format(" by its estimate alone: the interval reaches down to {}, below the {} asked for",
                        percent(c.accuracy_retention->interval->low), percent(limits.accuracy_threshold));
  return text;
}

Rows worth_shipping(const std::vector<CandidateFindings>& candidates) {
  Rows rows;
  for (const CandidateFindings& c : candidates)
    if (worth(c)) rows.push_back(&c);
  return rows;
}

// Why none of the candidates is recommended, as far as one reason holds for all that were measured.
std::string nothing_to_ship(const ModelFindings& model, const Constraints& constraints) {
  const auto all_measured = [&](auto&& holds) {
    return std::ranges::all_of(model.candidates, [&](const auto& c) { return !measured(c) || holds(c); });
  };
  if (std::ranges::none_of(model.candidates, measured))
    return model.original ? "Ship the float model: no candidate could be measured"
                          : "Nothing was measured, so nothing is recommended";
  if (all_measured([](const auto& c) { return !is_known(c.accuracy_retention); }))
    return "Ship the float model: what candidates keep of its accuracy is not known";
  if (all_measured([&](const auto& c) { return retention(c) >= constraints.accuracy_threshold; }))
    return fmt::format("Ship the float model: no candidate gains {} in time or size within the constraints",
                       percent(constraints.least_gain));
  if (all_measured([&](const auto& c) { return retention(c) < constraints.accuracy_threshold; }))
    return fmt::format("Ship the float model: no candidate keeps {} of its accuracy",
                       percent(constraints.accuracy_threshold));
  return fmt::format(
      "Ship the float model: no candidate keeps {} of its accuracy and gains {} in time or size within the constraints",
      percent(constraints.accuracy_threshold), percent(constraints.least_gain));
}

std::string after_doubts(const ModelFindings& model) {
  return model.doubts.empty() ? "" : ". But the labels say nothing of the float model itself";
}

}  // namespace

void judge(ModelFindings& model, const Constraints& constraints) {
  for (CandidateFindings& candidate : model.candidates) {
    if (!measured(candidate)) continue;
    candidate.reason = shortfall(candidate, model, constraints);
    candidate.status = candidate.reason.empty() ? Status::Ok : Status::NotBetter;
  }
}

std::vector<std::string> pareto_front(const std::vector<CandidateFindings>& candidates) {
  std::vector<std::string> front;
  for (const CandidateFindings& candidate : candidates)
    if (worth(candidate) && std::none_of(candidates.begin(), candidates.end(), [&](const CandidateFindings& other) {
          return worth(other) && dominates(other, candidate);
        }))
      front.push_back(candidate.name);
  return front;
}

Recommendation recommend(const ModelFindings& model, const Constraints& constraints) {
  constexpr std::size_t kRunnersUp = 3;
  Rows rows = worth_shipping(model.candidates);
  Recommendation result;
  if (rows.empty()) {
    result.sentence = nothing_to_ship(model, constraints) + after_doubts(model);
    return result;
  }
  const Choice choice = choose_from(rows, constraints);
  result.candidate = choice.best->name;
  result.sentence = fmt::format("Ship {}: {}; {}", shown(*choice.best, model), gains(*choice.best, model, constraints),
                                why(rows, choice));
  result.sentence += after_doubts(model);
  std::erase(rows, choice.best);
  while (!rows.empty() && result.runners_up.size() < kRunnersUp) {
    const CandidateFindings* next = choose_from(rows, constraints).best;
    result.runners_up.emplace_back(next->name, gains(*next, model, constraints));
    std::erase(rows, next);
  }
  return result;
}

}  // namespace bw
