// Files: reading, mapping, and writing that leaves the old file or the new one, never something between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bw {

namespace fs = std::filesystem;

// The whole of a regular file. Errors: InputError(path) when missing or not a regular file, (limit) above `max_bytes`.
std::string read_file(const fs::path& path, std::uint64_t max_bytes = std::uint64_t{1} << 34);

// A read-only mapping of a regular file. Copies share the mapping.
class MappedFile {
 public:
  explicit MappedFile(const fs::path& path);
  // Maps the file `relative` beneath `folder`: refuses absolute paths, "..", NUL, links of any kind (also hard links)
  // and everything that is not a regular file, as InputError(path).
  static MappedFile beneath(const fs::path& folder, std::string_view relative);

  std::span<const std::byte> bytes() const;
  std::shared_ptr<const void> owner() const;  // keeps the mapping alive

 private:
  struct Mapping;
  explicit MappedFile(std::shared_ptr<const Mapping> mapping);
  std::shared_ptr<const Mapping> mapping_;
};

// Where bytes in memory stand in a regular file that is mapped there, and has its name still; nothing otherwise.
struct FilePart {
  fs::path file;
  std::uint64_t offset = 0;
};
std::optional<FilePart> mapped_from(std::span<const std::byte> bytes);

// Makes a folder and those above it, unless they are there. Error(path) with the system's reason.
void make_folder(const fs::path& path);

// Whether a file could be written there, asked before long work: the errors that FileWriter and make_folder would give
// in the end, with what to do. Leaves nothing behind.
void require_writable(const fs::path& file);
void require_writable_folder(const fs::path& folder);  // which is there, or can be made

// A folder among the system's temporary files, which goes with this and all that is in it. Error(path) that says for
// what, where none can be made.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(std::string_view purpose);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Whether a file's name is that of one which is still being written, or was when its process was killed.
bool is_temporary(std::string_view file_name);
// Removes such files of processes that are gone, in a folder and not below it.
void remove_abandoned(const fs::path& folder);

// Writes `bytes` so that `path` holds the old content or the whole new one whatever happens: temporary file in the same
// folder, fsync, rename, fsync of the folder. Errors name the path and the system's reason; UsageError for a kept file
// (base/kept_files.h).
void write_file(const fs::path& path, std::span<const std::byte> bytes);
void write_file(const fs::path& path, std::string_view text);

// The same for content that is made piece by piece. Nothing appears at `path` until commit(); destroying an
// uncommitted file removes the temporary one.
class FileWriter {
 public:
  explicit FileWriter(fs::path path);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  std::uint64_t written() const;
  // Puts all that was written into the file under its temporary name, and gives that: for a look at it before commit().
  const fs::path& complete();
  void commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace bw
