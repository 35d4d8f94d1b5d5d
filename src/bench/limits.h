// What a worker process may take.
#pragma once

#include <cstdint>

#include "run/worker.h"

namespace bw {

struct WorkerLimits {
  std::uint64_t memory = 0;  // bytes that it may map; 0: no limit
  double silence = 120;      // seconds without a word from it after which it is killed
};

inline WorkerOptions limited(const WorkerLimits& limits) {
  WorkerOptions options;
  options.address_space = limits.memory;
  return options;
}

}  // namespace bw
