#include "measure/disturbance.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>

namespace bw {

WaitingTime::WaitingTime() {
  std::error_code ignored;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task", ignored))
    if (const int file = ::open((thread.path() / "schedstat").c_str(), O_RDONLY | O_CLOEXEC); file >= 0)
      files_.push_back(file);
}

WaitingTime::~WaitingTime() {
  for (const int file : files_) ::close(file);
}

double WaitingTime::seconds() const {
  double nanoseconds = 0;
  for (const int file : files_) {
    char text[96];  // "RAN WAITED SLICES"
    const ssize_t size = ::pread(file, text, sizeof(text), 0);
    const char *begin = text, *end = text + (size > 0 ? size : 0);
    while (begin < end && *begin != ' ') ++begin;
    std::uint64_t waited = 0;
    if (begin < end) std::from_chars(begin + 1, end, waited);
    nanoseconds += static_cast<double>(waited);
  }
  return 1e-9 * nanoseconds;
}

ProcessorUse processor_use() {
  std::ifstream stat("/proc/stat");
  std::string word;
  double user = 0, nice = 0, system = 0, idle = 0, waiting = 0, interrupts = 0, soft = 0, stolen = 0;
  if (!(stat >> word >> user >> nice >> system >> idle >> waiting >> interrupts >> soft >> stolen)) return {};
  const double tick = 1.0 / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return {tick * (user + nice + system + interrupts + soft), tick * stolen, tick};
}

}  // namespace bw
