#include "measure/jobs.h"

#include <array>

#include "measure/evaluate.h"
#include "measure/footprint.h"
#include "measure/latency.h"
#include "measure/peak.h"
#include "observe/calibrate.h"

namespace bw {

std::span<const Job> measure_jobs() {
  static const std::array kJobs{calibrate_job(), evaluate_job(), footprint_job(), latency_job(), peaks_job()};
  return kJobs;
}

}  // namespace bw
