// The jobs of this layer and those below, for the worker's loop.
#pragma once

#include <span>

#include "run/job.h"

namespace bw {

std::span<const Job> measure_jobs();  // calibrate, evaluate, footprint, latency, outputs, not-finite, peaks

}  // namespace bw
