// A measured number with its uncertainty, and the verdict of a comparison: what reports are made of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bw {

enum class Unit : std::uint8_t { Seconds, Bytes, Fraction, Ratio, Decibel, Score, OperationsPerSecond, BytesPerSecond };
std::string_view name_of(Unit unit);  // as report.json spells it

struct Interval {
  double low = 0, high = 0;
  bool contains(double value) const { return low <= value && value <= high; }
  bool within(double least, double most) const { return least <= low && high <= most; }
};

struct Figure {
  std::optional<double> value;       // nothing when it could not be measured: `reason` says why
  std::optional<Interval> interval;  // of 95 %; nothing when the figure is not an estimate
  std::optional<std::uint64_t> n;    // samples or timed runs behind it
  Unit unit = Unit::Score;
  std::string reason;
};
Figure exact_figure(double value, Unit unit);
Figure missing_figure(Unit unit, std::string reason);

enum class Verdict : std::uint8_t { Better, Same, Worse, Inconclusive };
std::string_view name_of(Verdict verdict);  // "better", ...

// Lower is better; 1 means equal. Better or worse when the interval excludes 1 by half a percent and more, which is
// what two copies of one model may differ in whatever is done against it; else same when it lies within 0.97 to 1.03.
Verdict verdict_of_ratio(const Interval& ratio);

enum class Direction : std::uint8_t { Higher, Lower };  // which way is better
// 0 means equal. Better or worse when the interval excludes 0, else same when it lies within +-margin.
Verdict verdict_of_difference(const Interval& difference, Direction direction, double margin);

// "At least as good" of design section 6: the interval's bad end is above -0.3 points and the estimate not below -0.1
// points (`scale` 1 for fractions; the float model's own value for relative comparison, as perplexity's).
bool at_least_as_good(double difference, const Interval& interval, Direction direction, double scale = 1);

}  // namespace bw
