// What this machine can do at most, measured by short runs in a worker: the scale for what a model's kernels reach.
// Each runtime has its own.
#pragma once

#include <string_view>

#include "graph/ops/op.h"
#include "measure/figure.h"
#include "run/job.h"
#include "run/worker.h"

namespace bw {

struct Peaks {
  double read_bandwidth = 0;  // bytes a second, reading memory that no cache holds, all threads
  // Operations a second (a multiply-accumulate is two) of the runtime's own matrix products: of float32, and of u8 by
  // s8. 0 where it has none.
  double float_operations = 0, int8_operations = 0;
};

// Takes about two seconds; measured once for each runtime and number of threads, and then remembered by this process.
Peaks measured_peaks(Worker& worker, std::string_view runtime, int threads);

struct AchievedRates {
  Figure operations, bytes;                  // a second
  Figure operations_of_peak, bytes_of_peak;  // fractions; operations over the int8 peak for `integer` models
};
// `cost`: multiply-accumulates and bytes of one run of the model; zeros (unknown) give figures that say so.
// `time`: seconds of one run.
AchievedRates achieved(const Cost& cost, const Figure& time, const Peaks& peaks, bool integer);

Job peaks_job();

}  // namespace bw
