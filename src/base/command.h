// Running a program of the user's and reading what it says.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

namespace bw {

// Standard output of `argv` (argv[0] is looked for in PATH); standard error goes to ours. Error(Usage) when it cannot
// be started, Error(Worker) when it ends with another exit code than 0 or by a signal. Error(Interrupted)
// when `stop` ends it, and all that it started.
std::string output_of(const std::vector<std::string>& argv, const std::stop_token& stop = {});

}  // namespace bw
