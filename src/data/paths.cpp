#include "data/paths.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "archive/archive.h"
#include "base/error.h"

namespace bw {

namespace fs = std::filesystem;

fs::path beneath(const fs::path& root, std::string_view relative, std::string_view where) {
  if (relative.empty() || relative == ".") return root;
  check_entry_name(relative, where);
  const fs::path path = root / fs::path(relative);
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error) throw Error(InputClass::Path, path.string() + ": " + error.message(), std::string(where));
  const fs::path real_root = fs::canonical(root, error);
  const auto [end, _] = std::mismatch(real_root.begin(), real_root.end(), real.begin(), real.end());
  if (error || end != real_root.end())
    throw Error(InputClass::Path, path.string() + " is a link that leads out of " + root.string(), std::string(where),
                "Copy the data there, or name its own folder");
  return path;
}

std::string expand_environment(std::string_view text, std::string_view where) {
  std::string result;
  while (!text.empty()) {
    const std::size_t begin = text.find("${"), end = text.find('}', std::min(begin, text.size()));
    if (begin == text.npos || end == text.npos) break;
    const std::string name(text.substr(begin + 2, end - begin - 2));
    const char* value = std::getenv(name.c_str());
    if (value == nullptr)
      throw Error(ErrorKind::Usage, "the environment variable " + name + " is not set", std::string(where),
                  "Set it, or say with --data-root where the data lies");
    result += std::string(text.substr(0, begin)) + value;
    text.remove_prefix(end + 1);
  }
  return result + std::string(text);
}

std::string extension_of(const fs::path& path) {
  std::string extension = path.extension().string();
  if (!extension.empty()) extension.erase(0, 1);
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension;
}

}  // namespace bw
