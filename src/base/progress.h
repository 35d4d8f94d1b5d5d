// Progress and log lines on stderr. One line for long work: what, done of total, rate, remaining time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bw {

enum class Verbosity { Quiet, Normal };
void set_verbosity(Verbosity verbosity);  // Quiet silences say() and Progress, never warn()

void say(std::string_view line);   // information for people
void warn(std::string_view line);  // something the user should know; always shown

// A line that redraws itself on a terminal (at most 10 times a second), or one line every ten seconds elsewhere.
class Progress {
 public:
  Progress(std::string what, std::uint64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void advance(std::uint64_t by = 1);

 private:
  void draw(bool last);
  std::string what_;
  std::uint64_t total_, done_ = 0;
  double started_, drawn_ = 0;
};

// The same for steps that take different times, each expected beforehand: "measuring fp16 (3 of 10), about 40 s left".
class Countdown {
 public:
  // `expected`: seconds of all steps together, as far as they are known.
  Countdown(std::string what, std::size_t steps, double expected);
  ~Countdown();
  Countdown(const Countdown&) = delete;
  Countdown& operator=(const Countdown&) = delete;
  // The next step begins; `expected`: seconds that it takes, which the real ones replace when it is done.
  void next(std::string_view step, double expected);

 private:
  std::string what_;
  std::size_t steps_, begun_ = 0;
  double expected_, expected_done_ = 0, this_step_ = 0, started_, drawn_ = 0;
};

double seconds_now();  // monotonic clock

// SIGINT and SIGTERM set a flag; long loops call this, which throws Error(Interrupted) when it is set.
void watch_interrupts();
bool interrupted();
void throw_if_interrupted();

}  // namespace bw
