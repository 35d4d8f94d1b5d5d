// Reader of tar archives (ustar, GNU long names, pax paths and sizes). Only regular files: links and devices are
// refused.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "base/file.h"

namespace bw {

class Tar {
 public:
  struct Entry {
    std::string name;
    std::uint64_t data = 0, size = 0;  // offset and size in the file
  };

  // InputError: format (damaged, truncated, a name twice), path (names that leave, links, devices), limit.
  explicit Tar(const std::filesystem::path& path, const ArchiveLimits& limits = {});

  const std::vector<Entry>& entries() const { return entries_; }  // in the archive's order
  Bytes read(const Entry& entry) const;                           // mapped

 private:
  std::string path_;
  MappedFile file_;
  std::vector<Entry> entries_;
};

}  // namespace bw
