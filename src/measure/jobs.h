// The jobs of this layer and those below, for the worker's loop.
#pragma once

#include <span>

#include "run/job.h"

namespace bw {

std::span<const Job> measure_jobs();  // those of the headers beside this one, and of observe/calibrate.h

}  // namespace bw
