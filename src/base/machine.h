// The machine that figures are measured on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bw {

struct Machine {
  std::string cpu;  // its name
  std::vector<std::string>
      flags;      // the kernel's names of what decides which kernels run: avx2, avx512_vnni, asimddp, ...
  int cores = 0;  // that this process may use: affinity and the cgroups' quota
  std::uint64_t memory_bytes = 0;  // that this process may use: the machine's or the cgroups' limit
  std::string kernel;              // "Linux 6.1.0-28-amd64 x86_64"

  bool has(std::string_view flag) const;
  // Products of u8 and s8 are summed in 32 bits. Without, pairs saturate at 16 bits (x86); ARM never saturates them.
  bool has_vnni() const;
};

// Reads /proc and /sys beneath `root`; what cannot be read stays empty or 0.
Machine machine(const std::filesystem::path& root = "/");

}  // namespace bw
