#include "base/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"

namespace bw {
namespace {

constexpr double kRedrawInterval = 0.1, kLogInterval = 10;

std::string duration(double seconds) {
  if (seconds < 60) return fmt::format("{:.0f} s", seconds);
  const auto minutes = static_cast<long>(seconds / 60);
  if (minutes < 60) return fmt::format("{} min {:.0f} s", minutes, seconds - 60 * static_cast<double>(minutes));
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

}  // namespace

Progress::Progress(const Console& console, std::string what, std::uint64_t total)
    : console_(console), what_(std::move(what)), total_(total), started_(seconds_now()), drawn_(started_) {}

Progress::~Progress() {
  draw(true);
}

void Progress::advance(std::uint64_t by) {
  done_ += by;
  if (seconds_now() - drawn_ >= (console_.redraws() ? kRedrawInterval : kLogInterval)) draw(false);
}

void Progress::draw(bool last) {
  drawn_ = seconds_now();
  const double elapsed = drawn_ - started_;
  const double rate = elapsed > 0 ? static_cast<double>(done_) / elapsed : 0;
  std::string line = fmt::format("{} {}/{}", what_, done_, total_);
  if (rate > 0) line += fmt::format(", {:.3g} a second", rate);
  if (last)
    line += ", " + duration(elapsed);
  else if (rate > 0 && total_ > done_)
    line += ", " + duration(static_cast<double>(total_ - done_) / rate) + " left";
  console_.progress(line, last);
}

Countdown::Countdown(const Console& console, std::string what, std::size_t steps, double expected)
    : console_(console), what_(std::move(what)), steps_(steps), expected_(expected), started_(seconds_now()) {}

Countdown::~Countdown() {
  if (begun_ == 0) return;
  console_.progress(fmt::format("{}: {} done in {}", what_, begun_, duration(seconds_now() - started_)), true);
}

void Countdown::next(std::string_view step, double expected) {
  expected_done_ += this_step_;
  this_step_ = expected;
  ++begun_;
  const double now = seconds_now(), elapsed = now - started_;
  if (!console_.redraws() && now - drawn_ < kLogInterval) return;
  drawn_ = now;
  // What was expected of the steps that are done, against what they took, corrects what is expected of the others.
  const double pace = expected_done_ > 0 ? elapsed / expected_done_ : 1;
  console_.progress(fmt::format("{}: {} ({} of {}), about {} left", what_, step, begun_, steps_,
                                duration(std::max(0.0, expected_ - expected_done_) * pace)),
                    false);
}

}  // namespace bw
