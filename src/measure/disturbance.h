// What disturbs a timed run: other processes on the processors that it needs.
#pragma once

#include <vector>

namespace bw {

// How long the threads of this process, those that it has when this is made, had to wait for a processor while they
// could have run.
class WaitingTime {
 public:
  WaitingTime();
  ~WaitingTime();
  WaitingTime(const WaitingTime&) = delete;
  WaitingTime& operator=(const WaitingTime&) = delete;

  double seconds() const;  // so far; always 0 where the system does not tell

 private:
  std::vector<int> files_;
};

// Seconds since the machine was started, summed over its processors; 0 where the system does not tell.
struct ProcessorUse {
  double busy = 0;    // by any process
  double stolen = 0;  // by other virtual machines
  double tick = 0;    // the unit that they are counted in
};
ProcessorUse processor_use();

}  // namespace bw
