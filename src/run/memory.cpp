#include "run/memory.h"

#include <time.h>

#include <fstream>
#include <sstream>
#include <string>

#include "base/error.h"

namespace bw {

MemoryUse memory_use() {
  std::ifstream status("/proc/self/status");
  MemoryUse use;
  for (std::string line; std::getline(status, line);) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t kibibytes = 0;
    words >> name >> kibibytes;
    if (name == "VmHWM:") use.peak = kibibytes << 10;
    if (name == "VmRSS:") use.resident = kibibytes << 10;
    if (name == "RssFile:") use.file_backed = kibibytes << 10;
  }
  if (use.peak == 0) throw Error(ErrorKind::HardwareCompatibility, "this system does not tell a process's peak memory");
  return use;
}

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace bw
