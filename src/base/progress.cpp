#include "base/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "base/error.h"

namespace bw {
namespace {

std::atomic<Verbosity> the_verbosity{Verbosity::Normal};
volatile std::sig_atomic_t caught = 0;
constexpr double kTerminalInterval = 0.1, kLogInterval = 10;

bool on_a_terminal() {
  static const bool terminal = ::isatty(STDERR_FILENO) != 0;
  return terminal;
}

// Whether a line of progress stands on the terminal that the next line must wipe away.
std::atomic<bool> line_is_open{false};

void put(std::string_view line) {
  std::string text(line_is_open.exchange(false) ? "\r\x1b[K" : "");
  text.append(line).append(1, '\n');
  std::fwrite(text.data(), 1, text.size(), stderr);  // one call, so that lines of several threads do not mix
}

std::string duration(double seconds) {
  if (seconds < 60) return fmt::format("{:.0f} s", seconds);
  const auto minutes = static_cast<long>(seconds / 60);
  if (minutes < 60) return fmt::format("{} min {:.0f} s", minutes, seconds - 60 * static_cast<double>(minutes));
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

void redraw(const std::string& line, bool last) {
  if (!on_a_terminal()) return put(line);
  const std::string text = "\r\x1b[K" + line + (last ? "\n" : "");
  std::fwrite(text.data(), 1, text.size(), stderr);
  line_is_open = !last;
}

}  // namespace

void set_verbosity(Verbosity verbosity) {
  the_verbosity = verbosity;
}

void say(std::string_view line) {
  if (the_verbosity == Verbosity::Normal) put(line);
}

void warn(std::string_view line) {
  put(fmt::format("warning: {}", line));
}

Progress::Progress(std::string what, std::uint64_t total)
    : what_(std::move(what)), total_(total), started_(seconds_now()), drawn_(started_) {}

Progress::~Progress() {
  draw(true);
}

void Progress::advance(std::uint64_t by) {
  done_ += by;
  if (seconds_now() - drawn_ >= (on_a_terminal() ? kTerminalInterval : kLogInterval)) draw(false);
}

void Progress::draw(bool last) {
  if (the_verbosity == Verbosity::Quiet) return;
  drawn_ = seconds_now();
  const double elapsed = drawn_ - started_;
  const double rate = elapsed > 0 ? static_cast<double>(done_) / elapsed : 0;
  std::string line = fmt::format("{} {}/{}", what_, done_, total_);
  if (rate > 0) line += fmt::format(", {:.3g} a second", rate);
  if (last)
    line += ", " + duration(elapsed);
  else if (rate > 0 && total_ > done_)
    line += ", " + duration(static_cast<double>(total_ - done_) / rate) + " left";
  redraw(line, last);
}

Countdown::Countdown(std::string what, std::size_t steps, double expected)
    : what_(std::move(what)), steps_(steps), expected_(expected), started_(seconds_now()) {}

Countdown::~Countdown() {
  if (the_verbosity == Verbosity::Quiet || begun_ == 0) return;
  redraw(fmt::format("{}: {} done in {}", what_, begun_, duration(seconds_now() - started_)), true);
}

void Countdown::next(std::string_view step, double expected) {
  expected_done_ += this_step_;
  this_step_ = expected;
  ++begun_;
  const double now = seconds_now(), elapsed = now - started_;
  if (the_verbosity == Verbosity::Quiet || (!on_a_terminal() && now - drawn_ < kLogInterval)) return;
  drawn_ = now;
  // What was expected of the steps that are done, against what they took, corrects what is expected of the others.
  const double pace = expected_done_ > 0 ? elapsed / expected_done_ : 1;
  redraw(fmt::format("{}: {} ({} of {}), about {} left", what_, step, begun_, steps_,
                     duration(std::max(0.0, expected_ - expected_done_) * pace)),
         false);
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void watch_interrupts() {
  struct sigaction action{};
  action.sa_handler = [](int) {
    if (caught) ::_exit(exit_code(ErrorKind::Interrupted));  // asked twice: leave at once
    caught = 1;
  };
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() {
  return caught != 0;
}

void throw_if_interrupted() {
  if (interrupted()) throw Error(ErrorKind::Interrupted, "interrupted");
}

}  // namespace bw
