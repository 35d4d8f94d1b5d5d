// How the model's own file holds its numbers: preparation widens halves, but who stores them again gains nothing.
#pragma once

#include <set>
#include <string>

#include "method/method.h"

namespace bw {

// Names of the values that are 16 bits wide in the file that the task's graph was prepared from.
std::set<std::string> stored_in_half(const Task& task);

}  // namespace bw
