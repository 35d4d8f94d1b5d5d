#include "base/machine.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <thread>

#include "folder.h"

using namespace bw;

namespace {

void put(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

}  // namespace

TEST_CASE("this machine is described") {
  const Machine here = machine();
  CHECK(!here.cpu.empty());
  CHECK(here.cores >= 1);
  CHECK(here.cores <= static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
  CHECK(here.memory_bytes > (std::uint64_t{64} << 20));
  CHECK(here.kernel.starts_with("Linux "));
}

TEST_CASE("flags that decide about kernels") {
  const test::Folder root;
  put(root.path() / "proc/cpuinfo",
      "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t\t: fpu avx2 avx512f avx512_vnni smep\n\n"
      "processor\t: 1\nmodel name\t: Other\nflags\t\t: sme\n");
  put(root.path() / "proc/meminfo", "MemFree:  1 kB\nMemTotal:       16384 kB\n");
  Machine found = machine(root.path());
  CHECK(found.cpu == "Some CPU @ 2 GHz");
  CHECK(found.flags == std::vector<std::string>{"avx2", "avx512f", "avx512_vnni"});
  CHECK(found.memory_bytes == 16384 * 1024);
  CHECK(found.has_vnni());
  CHECK(!found.has("smep"));

  put(root.path() / "proc/cpuinfo", "model name : Old\nflags : avx2 fma\n");
  CHECK(!machine(root.path()).has_vnni());
  put(root.path() / "proc/cpuinfo", "model name : New\nflags : avx2 avx_vnni\n");
  CHECK(machine(root.path()).has_vnni());

  put(root.path() / "proc/cpuinfo",
      "processor : 0\nFeatures : fp asimd asimddp i8mm\nCPU implementer : 0x41\nCPU part : 0xd0c\n");
  found = machine(root.path());
  CHECK(found.cpu == "CPU implementer 0x41 part 0xd0c");
  CHECK(found.flags == std::vector<std::string>{"asimd", "asimddp", "i8mm"});
  CHECK(found.has_vnni());
}

TEST_CASE("limits of cgroups, the lowest on the way up") {
  const test::Folder root;
  put(root.path() / "proc/meminfo", "MemTotal: 16384 kB\n");
  SECTION("version 2") {
    put(root.path() / "proc/self/cgroup", "0::/outer/inner\n");
    put(root.path() / "sys/fs/cgroup/outer/cpu.max", "80000 100000\n");
    put(root.path() / "sys/fs/cgroup/outer/memory.max", "1048576\n");
    put(root.path() / "sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
    put(root.path() / "sys/fs/cgroup/outer/inner/memory.max", "max\n");
  }
  SECTION("version 2, the inner one is lower") {
    put(root.path() / "proc/self/cgroup", "0::/outer/inner\n");
    put(root.path() / "sys/fs/cgroup/outer/cpu.max", "800000 100000\n");
    put(root.path() / "sys/fs/cgroup/outer/memory.max", "2097152\n");
    put(root.path() / "sys/fs/cgroup/outer/inner/cpu.max", "100000 100000\n");
    put(root.path() / "sys/fs/cgroup/outer/inner/memory.max", "1048576\n");
  }
  SECTION("version 1") {
    put(root.path() / "proc/self/cgroup", "4:memory:/box\n1:cpu:/\n");
    put(root.path() / "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
    put(root.path() / "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    put(root.path() / "sys/fs/cgroup/memory/box/memory.limit_in_bytes", "1048576\n");
  }
  const Machine found = machine(root.path());
  CHECK(found.cores == 1);
  CHECK(found.memory_bytes == 1048576);
}

TEST_CASE("a part of a core counts as one more") {
  const test::Folder unlimited, root;
  put(root.path() / "proc/self/cgroup", "0::/\n");
  put(root.path() / "sys/fs/cgroup/cpu.max", "150000 100000\n");
  CHECK(machine(root.path()).cores == std::min(2, machine(unlimited.path()).cores));
}

TEST_CASE("what cannot be read stays empty") {
  const test::Folder root;
  const Machine found = machine(root.path());
  CHECK(found.cpu == "unknown");
  CHECK(found.flags.empty());
  CHECK(found.memory_bytes == 0);
  CHECK(found.cores >= 1);
}
