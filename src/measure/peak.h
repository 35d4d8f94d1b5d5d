// What this machine can do at most, measured by short runs in a worker: the scale for what a model's kernels reach.
#pragma once

#include "graph/ops/op.h"
#include "measure/figure.h"
#include "run/job.h"
#include "run/worker.h"

namespace bw {

struct Peaks {
  double read_bandwidth = 0;  // bytes a second, reading memory that no cache holds, all threads
  double float_operations =
      0;  // operations a second (a multiply-accumulate is two) of the runtime's own float32 matrix product
  double int8_operations = 0;  // the same of its u8 * s8 product
};

// Takes about two seconds; measured once for each number of threads and then remembered by this process.
Peaks measured_peaks(Worker& worker, int threads);

struct AchievedRates {
  Figure operations, bytes;                  // a second
  Figure operations_of_peak, bytes_of_peak;  // fractions; operations over the int8 peak for `integer` models
};
// `cost`: multiply-accumulates and bytes of one run of the model; zeros (unknown) give figures that say so.
// `time`: seconds of one run.
AchievedRates achieved(const Cost& cost, const Figure& time, const Peaks& peaks, bool integer);

Job peaks_job();

}  // namespace bw
