#include "bench/model_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "base/file.h"

namespace bw {
namespace {

// With the last `folders` of the folders above it; with all of them where there are no more.
std::string name_with(const fs::path& whole, std::size_t folders) {
  std::string name = whole.stem().string();
  for (fs::path above = whole.parent_path(); folders > 0 && above.has_filename();
       above = above.parent_path(), --folders)
    name.insert(0, above.filename().string() + "-");
  return name;
}

bool has_twin(const std::vector<std::string>& names, std::size_t i) {
  return std::ranges::count(names, names[i]) > 1;
}

}  // namespace

std::vector<std::string> model_names(const std::vector<fs::path>& models) {
  std::vector<fs::path> whole;
  for (const fs::path& path : models) {
    whole.push_back(fs::absolute(path).lexically_normal());  // a link is called as the user calls it
    if (std::ranges::count(whole, whole.back()) > 1)
      throw Error(ErrorKind::Usage, "the model is given twice", path.string(), "Leave one of the two out");
  }
  std::vector<std::size_t> folders(models.size(), 0);
  std::vector<std::string> names;
  for (const fs::path& path : whole) names.push_back(name_with(path, 0));
  for (bool longer = true; longer;) {
    longer = false;
    std::vector<std::string> next = names;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!has_twin(names, i)) continue;
      next[i] = name_with(whole[i], ++folders[i]);
      longer = longer || next[i] != names[i];
    }
    names = std::move(next);
  }
  for (std::size_t i = 0; i < names.size(); ++i)
    if (has_twin(names, i))  // their extensions alone differ
      throw Error(ErrorKind::Usage, fmt::format("another model is called '{}' too", names[i]), models[i].string(),
                  "Rename one of the two, or bench them into different folders");
  return names;
}

}  // namespace bw
