#include "base/kept_files.h"

#include <sys/stat.h>

#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"

namespace bw {
namespace {

using Identity = std::pair<dev_t, ino_t>;  // the same for all names of a file

std::optional<Identity> identity_of(const fs::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return Identity{status.st_dev, status.st_ino};
}

// What is kept in this process, once for each that keeps it.
struct Kept {
  std::mutex mutex;
  std::multiset<Identity> files;
};
Kept& kept() {
  static Kept all;
  return all;
}

class Keeping {
 public:
  explicit Keeping(std::vector<Identity> files) : files_(std::move(files)) {
    const std::lock_guard lock(kept().mutex);
    kept().files.insert(files_.begin(), files_.end());
  }
  Keeping(const Keeping&) = delete;
  ~Keeping() {
    const std::lock_guard lock(kept().mutex);
    for (const Identity& file : files_) kept().files.erase(kept().files.find(file));
  }

 private:
  std::vector<Identity> files_;
};

}  // namespace

KeptFiles keep(std::span<const fs::path> files) {
  std::vector<Identity> found;
  for (const fs::path& file : files)
    if (const auto identity = identity_of(file)) found.push_back(*identity);
  return std::make_shared<const Keeping>(std::move(found));
}

bool is_kept(const fs::path& path) {
  const auto identity = identity_of(path);
  const std::lock_guard lock(kept().mutex);
  return identity && kept().files.contains(*identity);
}

void require_not_kept(const fs::path& path) {
  if (is_kept(path))
    throw Error(ErrorKind::Usage, "this would overwrite a file that is read as input", path.string(),
                "Give another name to what is written");
}

}  // namespace bw
