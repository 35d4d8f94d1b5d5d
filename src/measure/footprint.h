// What one model costs in memory, alone in a process of its own.
#pragma once

#include <cstdint>

#include "run/deployment.h"
#include "run/job.h"
#include "run/samples.h"
#include "run/worker.h"

namespace bw {

struct Footprint {
  std::uint64_t peak = 0;  // highest resident set (VmHWM) of the process, file-backed pages left out; bytes
  std::uint64_t file_backed =
      0;                 // pages of files at the end, which the system can drop: program, libraries, mapped weights
  double first_run = 0;  // seconds from the start of loading to the end of the first run: the cold start
};

// Loads the model in a worker of its own and runs the first samples (up to 4).
Footprint measure_footprint(const WorkerOptions& worker, const Deployment& model, SharedSamples& samples, int threads);

Job footprint_job();

}  // namespace bw
