// Who tries what methods decide while they decide it, on samples that neither calibrate nor evaluate.
#pragma once

#include <cstddef>
#include <vector>

#include "measure/figure.h"
#include "measure/latency.h"
#include "plan/plan.h"
#include "run/runtime.h"

namespace bw {

// What one method of a chain may cost. Going beyond is its defect.
struct Budget {
  std::size_t trials = 12;  // questions to the judge
};

// Each plan is carried out, written, and run in workers. Errors: those of carrying it out; the runtime's.
class Judge {
 public:
  virtual ~Judge() = default;
  // How much of the float model's accuracy is kept (1: all), sample by sample: by the first metric of the labels, else
  // by agreement or fidelity of the outputs.
  virtual Figure retention(const Plan& plan) = 0;
  // Time of a run over the float model's.
  virtual LatencyRatio latency(const Plan& plan) = 0;
  // What each node takes, the slowest first.
  virtual std::vector<NodeTime> profile(const Plan& plan) = 0;
};

}  // namespace bw
