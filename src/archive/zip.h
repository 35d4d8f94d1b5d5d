// Reader of zip archives (stored and deflated entries, zip64), written for hostile files.
#pragma once

#include <filesystem>
#include <vector>

#include "archive/archive.h"
#include "base/file.h"

namespace bw {

class Zip {
 public:
  struct Entry {
    std::string name;
    bool deflated = false;
    std::uint32_t crc = 0;
    std::uint64_t size = 0, packed = 0, header = 0, data = 0;  // header, data: offsets in the file
  };

  // Reads the directory and holds it against the local headers. InputError: format (damage, duplicates, overlap,
  // encryption, disagreement), limit, path, unsupported (another compression).
  explicit Zip(const std::filesystem::path& path, const ArchiveLimits& limits = {});

  const std::vector<Entry>& entries() const { return entries_; }
  // Content with its checksum verified: in the mapped file when stored, else in memory.
  Bytes read(const Entry& entry) const;

 private:
  void read_directory(const ArchiveLimits& limits);
  Entry read_entry(std::uint64_t& at) const;
  void find_data(Entry& entry) const;
  void check_overlap() const;
  std::string where(const Entry& entry) const;

  std::string path_;
  MappedFile file_;
  std::span<const std::byte> bytes_;
  std::vector<Entry> entries_;
};

}  // namespace bw
