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
  return (c.status == Status::Ok || c.status == Status::NotBetter) && c.latency && c.latency->ratio.value;
}

bool worth(const CandidateFindings& c) {
  return c.status == Status::Ok && measured(c);
}

std::string percent(double fraction) {
  return fmt::format("{:.1f} %", 100 * fraction);
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

// What keeps a measured candidate from being worth shipping; empty when nothing does.
std::string shortfall(const CandidateFindings& c, const ModelFindings& model, const Constraints& limits) {
  if (!is_known(c.accuracy_retention))
    return fmt::format("what it keeps of the float model's accuracy is not known{}",
                       c.accuracy_retention ? ": " + c.accuracy_retention->reason : "");
  if (retention(c) < limits.accuracy_threshold)
    return fmt::format("keeps {} of {}, {} are asked for{}", percent(retention(c)), what_is_kept(c),
                       percent(limits.accuracy_threshold), resized(c));
  if (limits.max_latency_ratio && latency_ratio(c) > *limits.max_latency_ratio)
    return fmt::format("takes {:.2f} of the float model's time, at most {:.2f} are allowed", latency_ratio(c),
                       *limits.max_latency_ratio);
  if (limits.max_size && size_of(c) > *limits.max_size)
    return fmt::format("has {} bytes, at most {} are allowed", size_of(c), *limits.max_size);
  if (c.latency->verdict != Verdict::Better &&
      static_cast<double>(size_of(c)) > kSameSize * static_cast<double>(model.bytes))
    return "is neither faster nor smaller than the float model";
  return "";
}

bool dominates(const CandidateFindings& a, const CandidateFindings& b) {
  const bool no_worse =
      retention(a) >= retention(b) && latency_ratio(a) <= latency_ratio(b) && size_of(a) <= size_of(b);
  const bool better = retention(a) > retention(b) || latency_ratio(a) < latency_ratio(b) || size_of(a) < size_of(b);
  return no_worse && better;
}

using Rows = std::vector<const CandidateFindings*>;

template <class Keep>
Rows filtered(const Rows& rows, Keep&& keep) {
  Rows kept;
  for (const CandidateFindings* row : rows)
    if (keep(*row)) kept.push_back(row);
  return kept;
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
  return {rows, "not as fast as the float model"};
}

Rows smallest_of(const Rows& rows) {
  std::uint64_t least = size_of(*rows.front());
  for (const CandidateFindings* row : rows) least = std::min(least, size_of(*row));
  return filtered(
      rows, [&](const auto& c) { return kSameSize * static_cast<double>(size_of(c)) <= static_cast<double>(least); });
}

const CandidateFindings& most_accurate_of(const Rows& rows) {
  return **std::min_element(rows.begin(), rows.end(), [](const auto* a, const auto* b) {
    return std::pair(-retention(*a), latency_ratio(*a)) < std::pair(-retention(*b), latency_ratio(*b));
  });
}

const CandidateFindings& best_of(const Rows& rows) {
  return most_accurate_of(smallest_of(speed_group(rows).rows));
}

// Which step of the rule decided.
std::string why(const Rows& rows) {
  const SpeedGroup group = speed_group(rows);
  const Rows smallest = smallest_of(group.rows);
  if (rows.size() == 1) return "nothing else keeps the constraints";
  if (group.rows.size() == 1) return "the fastest";
  if (smallest.size() == 1) return fmt::format("the smallest of the {} that are {}", group.rows.size(), group.says);
  if (smallest.size() == group.rows.size())
    return fmt::format("the most accurate of the {} that are {} and of one size", smallest.size(), group.says);
  return fmt::format("the most accurate of the {} smallest among the {} that are {}", smallest.size(),
                     group.rows.size(), group.says);
}

std::string gains(const CandidateFindings& c, const ModelFindings& model) {
  std::string text;
  const double ratio = latency_ratio(c);
  if (c.latency->verdict == Verdict::Better)
    text = fmt::format("{:.2f} times as fast", 1 / ratio);
  else if (c.latency->verdict == Verdict::Same)
    text = "as fast";
  else
    text = c.latency->verdict == Verdict::Worse ? fmt::format("{:.2f} times slower", ratio) : "of uncertain speed";
  text +=
      fmt::format(" and {} of the size", percent(static_cast<double>(size_of(c)) / static_cast<double>(model.bytes)));
  return text + fmt::format(", keeping {} of {}", percent(retention(c)), what_is_kept(c));
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
    return "Ship the float model: no candidate is faster or smaller within the constraints";
  if (all_measured([&](const auto& c) { return retention(c) < constraints.accuracy_threshold; }))
    return fmt::format("Ship the float model: no candidate keeps {} of its accuracy",
                       percent(constraints.accuracy_threshold));
  return fmt::format(
      "Ship the float model: no candidate keeps {} of its accuracy and is faster or smaller within the constraints",
      percent(constraints.accuracy_threshold));
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
  const CandidateFindings& best = best_of(rows);
  result.candidate = best.name;
  result.sentence = fmt::format("Ship {}: {}; {}", best.name, gains(best, model), why(rows));
  result.sentence += after_doubts(model);
  std::erase(rows, &best);
  while (!rows.empty() && result.runners_up.size() < kRunnersUp) {
    const CandidateFindings& next = best_of(rows);
    result.runners_up.emplace_back(next.name, gains(next, model));
    std::erase(rows, &next);
  }
  return result;
}

}  // namespace bw
