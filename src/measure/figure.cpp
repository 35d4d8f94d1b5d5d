#include "measure/figure.h"

#include <array>
#include <utility>

namespace bw {

std::string_view name_of(Unit unit) {
  static constexpr std::array<std::string_view, 8> kNames{"seconds", "bytes", "fraction",     "ratio",
                                                          "decibel", "score", "operations/s", "bytes/s"};
  return kNames[static_cast<std::size_t>(unit)];
}

std::string_view name_of(Verdict verdict) {
  static constexpr std::array<std::string_view, 4> kNames{"better", "same", "worse", "inconclusive"};
  return kNames[static_cast<std::size_t>(verdict)];
}

Figure exact_figure(double value, Unit unit) {
  return {value, std::nullopt, std::nullopt, unit, {}};
}
Figure missing_figure(Unit unit, std::string reason) {
  return {std::nullopt, std::nullopt, std::nullopt, unit, std::move(reason)};
}

Verdict verdict_of_ratio(const Interval& ratio) {
  constexpr double kFloor = 0.005;
  if (ratio.high < 1 - kFloor) return Verdict::Better;
  if (ratio.low > 1 + kFloor) return Verdict::Worse;
  return ratio.within(0.97, 1.03) ? Verdict::Same : Verdict::Inconclusive;
}

Verdict verdict_of_difference(const Interval& difference, Direction direction, double margin) {
  const bool up = difference.low > 0, down = difference.high < 0;
  if (up || down) return up == (direction == Direction::Higher) ? Verdict::Better : Verdict::Worse;
  return difference.within(-margin, margin) ? Verdict::Same : Verdict::Inconclusive;
}

bool at_least_as_good(double difference, const Interval& interval, Direction direction, double scale) {
  constexpr double kMargin = 0.003, kTolerance = 0.001;
  const double gain = direction == Direction::Higher ? difference : -difference;
  const double worst = direction == Direction::Higher ? interval.low : -interval.high;
  return worst > -kMargin * scale && gain >= -kTolerance * scale;
}

}  // namespace bw
