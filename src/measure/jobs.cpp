#include "measure/jobs.h"

#include <array>

#include "measure/differences.h"
#include "measure/evaluate.h"
#include "measure/footprint.h"
#include "measure/latency.h"
#include "measure/outputs.h"
#include "measure/peak.h"
#include "measure/profile.h"
#include "measure/turns.h"
#include "observe/calibrate.h"

namespace bw {

std::span<const Job> measure_jobs() {
  static const std::array kJobs{calibrate_job(),  evaluate_job(), footprint_job(),  latency_job(),
                                load_twins_job(), run_twin_job(), outputs_job(),    not_finite_job(),
                                peaks_job(),      profile_job(),  differences_job()};
  return kJobs;
}

}  // namespace bw
