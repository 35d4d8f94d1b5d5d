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

void put(std::string_view line) {
  std::string text(line);
  text += '\n';
  std::fwrite(text.data(), 1, text.size(), stderr);  // one call, so that lines of several threads do not mix
}

std::string duration(double seconds) {
  if (seconds < 60) return fmt::format("{:.0f} s", seconds);
  const auto minutes = static_cast<long>(seconds / 60);
  if (minutes < 60) return fmt::format("{} min {:.0f} s", minutes, seconds - 60 * static_cast<double>(minutes));
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
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
  if (!on_a_terminal()) return put(line);
  const std::string text = "\r\x1b[K" + line + (last ? "\n" : "");
  std::fwrite(text.data(), 1, text.size(), stderr);
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
