// The sessions of a visit, run in turn: two of each model, wherever they live.
#pragma once

#include <cstddef>
#include <functional>

#include "measure/latency.h"

namespace bw {

// In the order in which they are loaded: what the place in a process gives or takes falls on both models alike.
enum : std::size_t { Original0, Quantized0, Quantized1, Original1, kSessions };
// 0: the original's, 1: the other's; and which of the two it is.
inline constexpr std::size_t kSide[kSessions] = {0, 1, 1, 0}, kTwin[kSessions] = {0, 0, 1, 1};

struct TimedRun {
  double seconds = 0, cpu = 0;  // wall time; processor time of the process that ran it
  bool waited = false;          // for a processor
};

class Sessions {
 public:
  virtual ~Sessions() = default;
  virtual TimedRun run(std::size_t session, std::size_t turn) = 0;
  virtual double load_seconds(std::size_t session) const = 0;
  virtual double cpu_seconds() const = 0;  // of all processes that take part, so far
};

// Warms up, then runs until enough of the runs count. `alive` is called about every second.
Visit run_in_turns(Sessions& sessions, const VisitOptions& options, const std::function<void()>& alive);

// The jobs of a process that holds the two sessions of one model, while another holds those of the other.
Job load_twins_job();
Job run_twin_job();

}  // namespace bw
