#include "base/machine.h"

#include <sched.h>
#include <sys/utsname.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "base/file.h"

namespace bw {
namespace {

constexpr std::string_view kDeciding[] = {"ssse3",       "avx",           "f16c",        "fma",         "avx2",
                                          "avx_vnni",    "avx_vnni_int8", "avx512f",     "avx512bw",    "avx512vl",
                                          "avx512_vnni", "avx512_vbmi",   "avx512_bf16", "avx512_fp16", "amx_tile",
                                          "amx_int8",    "amx_bf16",      "asimd",       "asimdhp",     "asimddp",
                                          "i8mm",        "bf16",          "sve",         "sve2",        "sme"};

std::string text_of(const fs::path& path) {
  try {
    return read_file(path, std::uint64_t{1} << 24);
  } catch (const Error&) {
    return "";
  }
}

// The value of the first line "KEY : value".
std::string entry(const std::string& text, std::string_view key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos || line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1) != key) continue;
    const std::size_t start = line.find_first_not_of(" \t", colon + 1);
    return start == line.npos ? "" : line.substr(start);
  }
  return "";
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? std::optional(value) : std::nullopt;  // "max" and "-1" are no limit
}

std::vector<std::string> deciding_flags(const std::string& cpuinfo) {
  std::vector<std::string> flags;
  const std::string listed = entry(cpuinfo, "flags") + " " + entry(cpuinfo, "Features");
  std::istringstream words(listed);
  for (std::string word; words >> word;)
    if (std::find(std::begin(kDeciding), std::end(kDeciding), word) != std::end(kDeciding)) flags.push_back(word);
  return flags;
}

// The folders of the cgroups that this process is in, from its own up to the root, of the controller (version 1) or of
// the one tree (version 2, controller "").
std::vector<fs::path> cgroups(const fs::path& root, std::string_view controller) {
  std::istringstream lines(text_of(root / "proc/self/cgroup"));
  std::vector<fs::path> folders;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == line.npos || second == line.npos || line.substr(first + 1, second - first - 1) != controller) continue;
    fs::path below = fs::path(line.substr(second + 1)).relative_path();
    for (;; below = below.parent_path()) {
      folders.push_back(root / "sys/fs/cgroup" / fs::path(controller) / below);
      if (below.empty()) break;
    }
  }
  return folders;
}

// The lowest limit on the way up; `limit` gives a folder's own.
template <class T, class Limit>
T lowest(T all, const std::vector<fs::path>& folders, const Limit& limit) {
  for (const fs::path& folder : folders)
    if (const std::optional<T> own = limit(folder)) all = std::min(all, *own);
  return all;
}

std::optional<double> cores_by(std::optional<std::uint64_t> quota, std::optional<std::uint64_t> period) {
  if (!quota || !period || *period == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

std::optional<double> quota_of_2(const fs::path& folder) {
  const std::string text = text_of(folder / "cpu.max");
  const std::size_t space = text.find(' ');
  if (space == text.npos) return std::nullopt;
  return cores_by(whole_number(text), whole_number(std::string_view(text).substr(space + 1)));
}

std::optional<double> quota_of_1(const fs::path& folder) {
  return cores_by(whole_number(text_of(folder / "cpu.cfs_quota_us")),
                  whole_number(text_of(folder / "cpu.cfs_period_us")));
}

int usable_cores(const fs::path& root) {
  cpu_set_t set;
  CPU_ZERO(&set);
  double cores = ::sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
  cores = lowest(cores, cgroups(root, ""), quota_of_2);
  cores = lowest(cores, cgroups(root, "cpu"), quota_of_1);
  return std::max(1, static_cast<int>(std::ceil(cores)));
}

std::uint64_t usable_memory(const fs::path& root) {
  const std::uint64_t kilobytes = whole_number(entry(text_of(root / "proc/meminfo"), "MemTotal")).value_or(0);
  std::uint64_t bytes = kilobytes * 1024;
  bytes = lowest(bytes, cgroups(root, ""),
                 [](const fs::path& folder) { return whole_number(text_of(folder / "memory.max")); });
  return lowest(bytes, cgroups(root, "memory"),
                [](const fs::path& folder) { return whole_number(text_of(folder / "memory.limit_in_bytes")); });
}

std::string kernel_name() {
  utsname name{};
  if (::uname(&name) != 0) return "";
  return std::string(name.sysname) + " " + name.release + " " + name.machine;
}

}  // namespace

bool Machine::has(std::string_view flag) const {
  return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

bool Machine::has_vnni() const {
  return has("avx512_vnni") || has("avx_vnni") || has("asimd");
}

Machine machine(const fs::path& root) {
  const std::string cpuinfo = text_of(root / "proc/cpuinfo");
  Machine found;
  for (const char* key : {"model name", "Model", "Hardware"})
    if (found.cpu.empty()) found.cpu = entry(cpuinfo, key);
  if (found.cpu.empty()) {  // ARM gives numbers only
    const std::string maker = entry(cpuinfo, "CPU implementer"), part = entry(cpuinfo, "CPU part");
    found.cpu = maker.empty() ? "unknown" : "CPU implementer " + maker + " part " + part;
  }
  found.flags = deciding_flags(cpuinfo);
  found.cores = usable_cores(root);
  found.memory_bytes = usable_memory(root);
  found.kernel = kernel_name();
  return found;
}

}  // namespace bw
