// Ending long work before its end: whoever starts it passes a token, and keeps its source.
#pragma once

#include <stop_token>

namespace bw {

// Error(Interrupted) when somebody asked for it. For loops whose rounds take long.
void throw_if_stopped(const std::stop_token& stop);

// SIGINT and SIGTERM ask for it from the first call on; asked twice, the process ends at once.
std::stop_token stop_on_signals();

}  // namespace bw
