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

// What a plan keeps of the float model, sample by sample: of its accuracy (1: all), by the first metric of the labels,
// else by agreement or fidelity of the outputs; and of its outputs, by fidelity, which tells small changes apart.
struct Retained {
  Figure accuracy, outputs;
  bool by_fidelity = false;  // what `accuracy` is
};

// Each plan is carried out, written, and run in workers. Errors: those of carrying it out; the runtime's.
class Judge {
 public:
  virtual ~Judge() = default;
  virtual Retained retained(const Plan& plan) = 0;
  // Time of a run over the float model's.
  virtual LatencyRatio latency(const Plan& plan) = 0;
  // What each node takes, the slowest first.
  virtual std::vector<NodeTime> profile(const Plan& plan) = 0;
};

}  // namespace bw
