// bitwright doctor: what is here, and what is wrong with it.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/machine.h"
#include "base/version.h"
#include "cli/catalog.h"
#include "cli/output.h"
#include "report/figure_text.h"
#include "run/runtime.h"
#include "store/store.h"
#include "target/target.h"

namespace bw {
namespace {

Json machine_json() {
  const Machine here = machine();
  return {{"cpu", here.cpu},
          {"flags", here.flags},
          {"vnni", here.has_vnni()},
          {"cores", here.cores},
          {"memory_bytes", here.memory_bytes},
          {"kernel", here.kernel}};
}

Json runtimes_json() {
  Json list = Json::array();
  for (const Runtime& runtime : runtimes()) {
    const bool available = runtime.available();
    list.push_back({{"name", runtime.name},
                    {"says", runtime.says},
                    {"version", available ? Json(runtime.version()) : Json(nullptr)},
                    {"brought_by", runtime.brought_by.empty() ? Json(nullptr) : Json(runtime.brought_by)}});
  }
  return list;
}

Json targets_json() {
  Json list = Json::array();
  for (const Target& target : targets())
    list.push_back({{"name", target.name},
                    {"says", target.says},
                    {"runtime", target.runtime},
                    {"hardware_target", target.hardware_target}});
  return list;
}

// The folder that `path` is or will be in.
fs::path existing_folder(fs::path path) {
  std::error_code ignored;
  while (!fs::is_directory(path, ignored) && path.has_parent_path() && path != path.parent_path())
    path = path.parent_path();
  return path.empty() ? fs::path(".") : path;
}

Json store_json() {
  const fs::path path = fs::absolute(Store::usual_path());
  Json store{{"path", path.string()}, {"runs", 0}, {"fault", nullptr}};
  try {
    if (fs::exists(path)) store["runs"] = Store(path).size();
  } catch (const Error& error) {
    store["runs"] = nullptr;
    store["fault"] = error.message();
  }
  return store;
}

// Each file system once, with all that lies on it.
Json disks_json(const std::vector<fs::path>& paths) {
  Json disks = Json::array();
  std::map<dev_t, std::size_t> known;
  for (const fs::path& path : paths) {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0 && !known.emplace(status.st_dev, disks.size()).second) {
      Json& here = disks[known[status.st_dev]]["paths"];
      if (std::ranges::find(here, Json(path.string())) == here.end()) here.push_back(path.string());
      continue;
    }
    std::error_code failure;
    const fs::space_info space = fs::space(path, failure);
    disks.push_back({{"paths", {path.string()}}, {"free_bytes", failure ? Json(nullptr) : Json(space.available)}});
  }
  return disks;
}

std::string words(const Json& list, std::string_view between = " ") {
  std::string text;
  for (const Json& word : list) text += (text.empty() ? "" : std::string(between)) + word.get<std::string>();
  return text.empty() ? "none" : text;
}

// Whole sentences; empty when all is well.
std::vector<std::string> problems_of(const Json& found) {
  constexpr double kLittleSpace = 1e9;
  std::vector<std::string> problems;
  for (const Json& runtime : found["runtimes"])
    if (runtime["version"].is_null() && runtime["brought_by"].is_null())
      problems.push_back(fmt::format("The runtime {} cannot be loaded.", runtime["name"].get<std::string>()));
  if (const Json& fault = found["store"]["fault"]; !fault.is_null())
    problems.push_back(fmt::format("The store of runs cannot be used: {}.", fault.get<std::string>()));
  for (const Json& disk : found["disks"])
    if (disk["free_bytes"].is_number() && disk["free_bytes"].get<double>() < kLittleSpace)
      problems.push_back(fmt::format("Less than 1 GB is free at {}.", words(disk["paths"], ", ")));
  return problems;
}

std::string bytes_text(const Json& bytes) {
  return bytes.is_null() ? "unknown" : figure_text(exact_figure(bytes.get<double>(), Unit::Bytes));
}

void print_for_people(const Json& found) {
  const auto line = [](std::string_view name, const std::string& value) { put("{:<11}{}\n", name, printable(value)); };
  const Json& here = found["machine"];
  line("bitwright", found["bitwright"].get<std::string>());
  line("CPU", fmt::format("{}, {} cores to use", here["cpu"].get<std::string>(), here["cores"].get<int>()));
  line("kernels", words(here["flags"]));
  line("VNNI", here["vnni"] ? "yes: 8-bit products do not saturate"
                            : "no: 8-bit weights are narrowed to 7 bits where products could saturate");
  line("memory", bytes_text(here["memory_bytes"]));
  line("system", here["kernel"].get<std::string>());
  for (const Json& runtime : found["runtimes"])
    line("runtime",
         fmt::format("{} {}", runtime["name"].get<std::string>(),
                     runtime["version"].is_string() ? runtime["version"].get<std::string>()
                     : runtime["brought_by"].is_string()
                         ? fmt::format("is not here; brought by: {}", runtime["brought_by"].get<std::string>())
                         : "is missing"));
  for (const Json& target : found["targets"])
    line("target", fmt::format("{}: {}", target["name"].get<std::string>(), target["says"].get<std::string>()));
  const Json& store = found["store"];
  line("store", fmt::format("{}, {}", store["path"].get<std::string>(),
                            store["runs"].is_null() ? "cannot be used"
                                                    : fmt::format("{} runs", store["runs"].get<std::size_t>())));
  for (const Json& disk : found["disks"])
    line("disk", fmt::format("{} free at {}", bytes_text(disk["free_bytes"]), words(disk["paths"], ", ")));
  for (const Json& problem : found["problems"]) line("problem", problem.get<std::string>());
}

int run(const Invocation& invocation) {
  Json found{{"bitwright", kVersion},
             {"machine", machine_json()},
             {"runtimes", runtimes_json()},
             {"targets", targets_json()},
             {"store", store_json()}};
  found["disks"] = disks_json(
      {fs::current_path(), fs::temp_directory_path(), existing_folder(found["store"]["path"].get<std::string>())});
  found["problems"] = problems_of(found);
  if (invocation.json)
    put(to_text(found));
  else
    print_for_people(found);
  return found["problems"].empty() ? 0 : exit_code(ErrorKind::HardwareCompatibility);
}

}  // namespace

Command doctor_command() {
  return {.name = "doctor",
          .says = "what is here (CPU, memory, runtimes, targets, store), and what is wrong",
          .positionals = {},
          .flags = {},
          .run = run,
          .example = "bitwright doctor"};
}

}  // namespace bw
