// How far long work is: what, done of total, rate, remaining time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/console.h"

namespace bw {

// Steps of one kind: "measuring speed 7/30, 2.5 a second, 9 s left".
class Progress {
 public:
  // The console lives as long as this.
  Progress(const Console& console, std::string what, std::uint64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void advance(std::uint64_t by = 1);

 private:
  void draw(bool last);
  const Console& console_;
  std::string what_;
  std::uint64_t total_, done_ = 0;
  double started_, drawn_ = 0;
};

// The same for steps that take different times, each expected beforehand: "measuring fp16 (3 of 10), about 40 s left".
class Countdown {
 public:
  // `expected`: seconds of all steps together, as far as they are known. The console lives as long as this.
  Countdown(const Console& console, std::string what, std::size_t steps, double expected);
  ~Countdown();
  Countdown(const Countdown&) = delete;
  Countdown& operator=(const Countdown&) = delete;
  // The next step begins; `expected`: seconds that it takes, which the real ones replace when it is done.
  void next(std::string_view step, double expected);

 private:
  const Console& console_;
  std::string what_;
  std::size_t steps_, begun_ = 0;
  double expected_, expected_done_ = 0, this_step_ = 0, started_, drawn_ = 0;
};

}  // namespace bw
