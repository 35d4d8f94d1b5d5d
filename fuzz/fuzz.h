// What every target of fuzz/ shares. A target defines one_input(): it feeds hostile bytes to a reader, which may refuse
// them with an Error that blames the input; any other exception, and what the sanitizers see, is a finding.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>

#include "base/error.h"

namespace bw::fuzz {

void one_input(std::span<const std::byte> bytes);

// The bytes as a file, for readers that map one. It lies in memory and is gone with this object.
class MemoryFile {
 public:
  explicit MemoryFile(std::span<const std::byte> bytes) : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    if (fd_ < 0 || ::write(fd_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

// Stops the run: what was promised does not hold.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

}  // namespace bw::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    bw::fuzz::one_input(std::as_bytes(std::span(data, size)));
  } catch (const bw::Error& error) {
    if (error.kind() == bw::ErrorKind::Internal) throw;
  }
  return 0;
}
