#include "bench/recommend.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace bw {
namespace {

double retention(const CandidateFindings& c) { return c.accuracy_retention && c.accuracy_retention->value ? *c.accuracy_retention->value : 1.0; }
double latency_ratio(const CandidateFindings& c) { return c.latency && c.latency->ratio.value ? *c.latency->ratio.value : 1.0; }
std::uint64_t size_of(const CandidateFindings& c) { return c.artifact ? c.artifact->bytes : std::numeric_limits<std::uint64_t>::max(); }

bool measured(const CandidateFindings& c) {
  return (c.status == Status::Ok || c.status == Status::NotBetter) && c.latency && c.latency->ratio.value;
}

std::string percent(double fraction) { return fmt::format("{:.1f} %", 100 * fraction); }

// What keeps a measured candidate from being worth shipping; empty when nothing does.
std::string shortfall(const CandidateFindings& c, const ModelFindings& model, const Constraints& limits) {
  if (retention(c) < limits.accuracy_threshold)
    return fmt::format("keeps {} of the float model's accuracy, {} are asked for", percent(retention(c)), percent(limits.accuracy_threshold));
  if (limits.max_latency_ratio && latency_ratio(c) > *limits.max_latency_ratio)
    return fmt::format("takes {:.2f} of the float model's time, at most {:.2f} are allowed", latency_ratio(c), *limits.max_latency_ratio);
  if (limits.max_size && size_of(c) > *limits.max_size)
    return fmt::format("has {} bytes, at most {} are allowed", size_of(c), *limits.max_size);
  if (c.latency->verdict != Verdict::Better && static_cast<double>(size_of(c)) > 0.97 * static_cast<double>(model.bytes))
    return "is neither faster nor smaller than the float model";
  return "";
}

bool dominates(const CandidateFindings& a, const CandidateFindings& b) {
  const bool no_worse = retention(a) >= retention(b) && latency_ratio(a) <= latency_ratio(b) && size_of(a) <= size_of(b);
  const bool better = retention(a) > retention(b) || latency_ratio(a) < latency_ratio(b) || size_of(a) < size_of(b);
  return no_worse && better;
}

// Certainly faster, as fast as far as one can tell, slower.
int speed_class(const CandidateFindings& c) {
  if (c.latency->verdict == Verdict::Better) return 0;
  return c.latency->verdict != Verdict::Worse && latency_ratio(c) <= 1.03 ? 1 : 2;
}

// Certain speed first, then size; among faster candidates whose intervals overlap the more accurate one.
bool ships_before(const CandidateFindings& a, const CandidateFindings& b) {
  if (speed_class(a) != speed_class(b)) return speed_class(a) < speed_class(b);
  if (speed_class(a) != 0) return std::pair(size_of(a), -retention(a)) < std::pair(size_of(b), -retention(b));
  const Figure &x = a.latency->ratio, &y = b.latency->ratio;
  if (x.interval && y.interval && x.interval->high < y.interval->low) return true;
  if (x.interval && y.interval && y.interval->high < x.interval->low) return false;
  return std::pair(-retention(a), latency_ratio(a)) < std::pair(-retention(b), latency_ratio(b));
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
  text += fmt::format(" and {} of the size", percent(static_cast<double>(size_of(c)) / static_cast<double>(model.bytes)));
  if (c.accuracy_retention && c.accuracy_retention->value)
    text += fmt::format(", keeping {} of the float model's {}", percent(retention(c)), model.metric.value_or("answers"));
  return text;
}

// Selection sort by ships_before: the relation is no strict weak order (intervals overlap), so std::sort must not see it.
std::vector<const CandidateFindings*> in_shipping_order(const std::vector<CandidateFindings>& candidates) {
  std::vector<const CandidateFindings*> rest, order;
  for (const CandidateFindings& c : candidates)
    if (c.status == Status::Ok && measured(c)) rest.push_back(&c);
  while (!rest.empty()) {
    auto best = rest.begin();
    for (auto it = std::next(best); it != rest.end(); ++it)
      if (ships_before(**it, **best)) best = it;
    order.push_back(*best);
    rest.erase(best);
  }
  return order;
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
    if (measured(candidate) && std::none_of(candidates.begin(), candidates.end(), [&](const CandidateFindings& other) {
          return measured(other) && dominates(other, candidate);
        }))
      front.push_back(candidate.name);
  return front;
}

Recommendation recommend(const ModelFindings& model, const Constraints& constraints) {
  const auto order = in_shipping_order(model.candidates);
  Recommendation result;
  if (order.empty()) {
    result.sentence = fmt::format("Ship the float model: no candidate keeps {} of its accuracy and is faster or smaller within the constraints",
                                  percent(constraints.accuracy_threshold));
    return result;
  }
  result.candidate = order.front()->name;
  result.sentence = fmt::format("Ship {}: {}", order.front()->name, gains(*order.front(), model));
  for (std::size_t i = 1; i < order.size() && i < 4; ++i)
    result.runners_up.emplace_back(order[i]->name, gains(*order[i], model));
  return result;
}

}  // namespace bw
