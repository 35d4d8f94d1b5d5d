// Calibration: runs samples through the float model in a worker and gathers Evidence there, so that memory is bounded
// by a few samples whatever their number, and no activation crosses a process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "observe/evidence.h"
#include "run/job.h"
#include "run/samples.h"
#include "run/worker.h"

namespace bw {

struct CalibrateOptions {
  int threads = 1;         // samples that run side by side; the result does not depend on it
  std::size_t wanted = 0;  // samples asked for; fewer are used with a note. 0: as many as there are
  WorkerOptions worker = {};
  std::string_view runtime = {};  // entry of the runtime catalog; there is no usual one
};

struct Calibration {
  Evidence evidence;
  std::size_t samples = 0;         // that were used
  std::vector<std::string> notes;  // what was done otherwise than asked: fewer samples, a rest that fills no batch
  std::uint64_t peak_memory = 0;   // of the worker, without file-backed pages
  double seconds = 0;
};

// Evidence of every value in `needs`, each sample at its own length, one sample a run (a model with a fixed batch takes
// as many as that). Equal to the bit for any number of threads. Where a sample has a mask [S], positions that it marks
// as padding are left out of every value: along its first axis, behind the batch, of S elements. Errors:
// CalibrationError for no samples, for NaN or infinity (value, sample, index), for a value that is not float;
// Error(Worker) when the worker dies; those of decoding the samples.
Calibration calibrate(const Graph& graph, SharedSamples& samples, const Needs& needs,
                      const CalibrateOptions& options = {});

Job calibrate_job();

}  // namespace bw
