#include "report/manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "base/version.h"

namespace bw {
namespace {

bool is_file(const fs::path& path) {
  return fs::symlink_status(path).type() == fs::file_type::regular;
}

std::vector<std::string> files_of(const fs::path& folder) {
  std::vector<std::string> paths;
  for (const char* name : {"report.json", "report.csv", "report.html"})
    if (is_file(folder / name)) paths.emplace_back(name);
  if (fs::is_directory(fs::symlink_status(folder / "candidates")))
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder / "candidates"))
      if (is_file(entry.path()) && !is_temporary(entry.path().filename().string()))
        paths.push_back(entry.path().lexically_relative(folder).generic_string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

Json manifest(const fs::path& folder) {
  Json files = Json::array();
  for (const std::string& path : files_of(folder))
    files.push_back(
        {{"path", path}, {"bytes", fs::file_size(folder / path)}, {"sha256", sha256_of_file(folder / path)}});
  return {{"version", 1}, {"generator", {{"name", "bitwright"}, {"version", kVersion}}}, {"files", std::move(files)}};
}

}  // namespace bw
