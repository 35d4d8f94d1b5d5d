// The jobs of this layer and those below, for the worker's loop.
#pragma once

#include <span>

#include "run/job.h"

namespace bw {

std::span<const Job> measure_jobs();  // of calibrate, evaluate, footprint, latency, turns, outputs, peak, profile

}  // namespace bw
