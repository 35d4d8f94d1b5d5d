// What the system says of this process: memory and processor time.
#pragma once

#include <cstdint>

namespace bw {

struct MemoryUse {
  std::uint64_t peak = 0;         // highest resident set since start, bytes (VmHWM)
  std::uint64_t resident = 0;     // now
  std::uint64_t file_backed = 0;  // of `resident`: pages of files, which the system can drop (RssFile)
};
// Errors: HardwareCompatibilityError where /proc/self/status does not tell.
MemoryUse memory_use();

double cpu_seconds();  // processor time of all threads of this process so far

}  // namespace bw
