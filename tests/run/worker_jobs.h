// Jobs that the worker tests run: good ones, and every way to go wrong.
#pragma once

#include <span>

#include "run/job.h"

namespace bw {

std::span<const Job> test_jobs();

}  // namespace bw
