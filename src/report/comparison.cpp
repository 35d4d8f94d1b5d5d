#include "report/comparison.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/figure_text.h"

namespace bw {
namespace {

std::string bracketed(const std::string& value, const std::string& interval) {
  return interval.empty() ? fmt::format("({})", value) : fmt::format("({}; 95 % interval {})", value, interval);
}

std::string speed(const CandidateFindings& other) {
  const LatencyComparison& latency = *other.latency;
  if (!latency.ratio.value) return "speed was not judged (" + latency.ratio.reason + ")";
  const std::string times = bracketed("time ratio " + figure_text(latency.ratio), interval_text(latency.ratio));
  switch (latency.verdict) {
    case Verdict::Better:
      return fmt::format("{:.2f} times as fast {}", 1 / *latency.ratio.value, times);
    case Verdict::Worse:
      return fmt::format("takes {:.2f} times as long {}", *latency.ratio.value, times);
    case Verdict::Same:
      return "as fast " + times;
    case Verdict::Inconclusive:
      break;
  }
  return "no difference in speed beyond the interval " + times;
}

// Without labels: of the output that is least alike.
std::string likeness(const CandidateFindings& other) {
  const AccuracyComparison& accuracy = *other.accuracy;
  const auto worst = std::ranges::find(accuracy.outputs, accuracy.decided_on, &OutputFindings::name);
  if (worst == accuracy.outputs.end()) return "its outputs could not be compared";
  if (accuracy.decided_by == "agreement")
    return fmt::format("gives the same answer in {} of all cases", figure_text(worst->agreement));
  const std::string noise = worst->sqnr.value ? figure_text(worst->sqnr) + " of signal over error" : worst->sqnr.reason;
  return fmt::format("output '{}' is kept to {} ({})", worst->name, figure_text(worst->fidelity), noise);
}

std::string accuracy(const CandidateFindings& other) {
  if (other.accuracy->metrics.empty()) return likeness(other);
  const MetricFindings& metric = other.accuracy->metrics.front();
  const std::string change =
      bracketed(metric.name + " " + difference_text(metric.difference), interval_text(metric.difference));
  if (!metric.difference.interval) return "accuracy without an interval " + change;
  switch (metric.verdict) {
    case Verdict::Better:
      return "more accurate " + change;
    case Verdict::Worse:
      return "less accurate " + change;
    case Verdict::Same:
      return "as accurate " + change;
    case Verdict::Inconclusive:
      break;
  }
  return "no difference in accuracy beyond the interval " + change;
}

std::string size(const ModelFindings& model, const CandidateFindings& other) {
  const double first = static_cast<double>(model.bytes), second = static_cast<double>(other.artifact->bytes);
  const auto text = [](double bytes) { return figure_text(exact_figure(bytes, Unit::Bytes)); };
  if (first == second) return fmt::format("of the same size ({})", text(first));
  const std::string sizes = fmt::format("({} instead of {})", text(second), text(first));
  return second < first ? fmt::format("smaller, {:.1f} % of the size {}", 100 * second / first, sizes)
                        : fmt::format("larger, {:.2f} times the size {}", second / first, sizes);
}

// "0.442 of the time (95 % interval 0.434 to 0.450)", with digits enough to tell it from a limit.
std::string with_interval(const Figure& figure, std::string_view of) {
  const std::string interval = interval_text(figure);
  const bool percent = figure.unit == Unit::Fraction;
  return fmt::format("{:.4g}{} of {}{}", figure.value.value_or(0) * (percent ? 100 : 1), percent ? " %" : "", of,
                     interval.empty() ? "" : fmt::format(" (95 % interval {})", interval));
}

Figure loss_of(const Figure& retention) {
  Figure loss = retention;
  loss.unit = Unit::Fraction;
  if (loss.value) loss.value = 1 - *retention.value;
  if (loss.interval) loss.interval = Interval{1 - retention.interval->high, 1 - retention.interval->low};
  return loss;
}

}  // namespace

std::vector<std::string> missed(const ModelFindings& model, const ComparisonLimits& limits) {
  const CandidateFindings& other = model.candidates.front();
  std::vector<std::string> sentences;
  const auto judge = [&](const Figure& figure, double most, std::string_view unknown, std::string_view known,
                         const std::string& limit) {
    if (!figure.value)
      sentences.push_back(fmt::format("{} is not known ({}), and at most {}", unknown, figure.reason, limit));
    else if (*figure.value > most)
      sentences.push_back(fmt::format("{}, and at most {}", known, limit));
  };
  if (limits.max_loss < 1) {
    const Figure loss = loss_of(*other.accuracy_retention);
    judge(loss, limits.max_loss, "what it loses", "loses " + with_interval(loss, other.accuracy->decided_by),
          fmt::format("{:.4g} % may be lost", 100 * limits.max_loss));
  }
  if (limits.max_latency_ratio)
    judge(other.latency->ratio, *limits.max_latency_ratio, "its time ratio",
          "takes " + with_interval(other.latency->ratio, "the time"),
          fmt::format("{:.4g} is allowed", *limits.max_latency_ratio));
  if (limits.max_size_ratio) {
    const Figure size =
        exact_figure(static_cast<double>(other.artifact->bytes) / static_cast<double>(model.bytes), Unit::Ratio);
    judge(size, *limits.max_size_ratio, "its size", "has " + with_interval(size, "the size"),
          fmt::format("{:.4g} is allowed", *limits.max_size_ratio));
  }
  return sentences;
}

std::string comparison_sentence(const ModelFindings& model) {
  const CandidateFindings& other = model.candidates.front();
  if (!other.latency || !other.accuracy)
    return fmt::format("{} could not be compared with {}: {}", other.name, model.name, other.reason);
  return fmt::format("{} against {}: {}; {}; {}", other.name, model.name, speed(other), accuracy(other),
                     size(model, other));
}

}  // namespace bw
