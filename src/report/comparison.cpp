#include "report/comparison.h"

#include <fmt/format.h>

#include "report/figure_text.h"

namespace bw {
namespace {

std::string bracketed(const std::string& value, const std::string& interval) {
  return interval.empty() ? fmt::format("({})", value) : fmt::format("({}; 95 % interval {})", value, interval);
}

std::string speed(const CandidateFindings& other) {
  const LatencyComparison& latency = *other.latency;
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

std::string accuracy(const CandidateFindings& other) {
  if (other.accuracy->metrics.empty() && !other.accuracy->agreement.value)
    return fmt::format("gives outputs that differ by {}", figure_text(other.accuracy->sqnr));
  if (other.accuracy->metrics.empty())
    return fmt::format("gives the same answer for {} of the samples", figure_text(other.accuracy->agreement));
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

}  // namespace

std::string comparison_sentence(const ModelFindings& model) {
  const CandidateFindings& other = model.candidates.front();
  if (!other.latency || !other.latency->ratio.value || !other.accuracy)
    return fmt::format("{} could not be compared with {}: {}", other.name, model.name, other.reason);
  return fmt::format("{} against {}: {}; {}; {}", other.name, model.name, speed(other), accuracy(other),
                     size(model, other));
}

}  // namespace bw
