#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/kept_files.h"

namespace bw {
namespace {

[[noreturn]] void fail(const fs::path& path, std::string_view doing, int reason) {
  throw Error(InputClass::Path, fmt::format("cannot {}: {}", doing, std::strerror(reason)), path.string());
}

[[noreturn]] void refuse(const fs::path& path, std::string what, std::string hint = "") {
  throw Error(InputClass::Path, std::move(what), path.string(), std::move(hint));
}

// A file descriptor that closes itself. Closing by hand is for writers, who must see the error.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// open(2) again after a signal.
Descriptor open_at(int folder, const char* name, int flags, mode_t mode = 0) {
  int fd;
  do fd = ::openat(folder, name, flags | O_CLOEXEC, mode);
  while (fd < 0 && errno == EINTR);
  return Descriptor(fd);
}

// Opening a FIFO for reading would wait for its writer, so nothing is opened blocking.
constexpr int kReadFlags = O_RDONLY | O_NONBLOCK;

struct stat status_of_regular(const Descriptor& file, const fs::path& path) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) fail(path, "look at the file", errno);
  if (!S_ISREG(status.st_mode)) refuse(path, "not a regular file");
  return status;
}

Descriptor open_regular(const fs::path& path) {
  Descriptor file = open_at(AT_FDCWD, path.c_str(), kReadFlags);
  if (!file.valid()) fail(path, "open the file", errno);
  status_of_regular(file, path);
  return file;
}

std::vector<std::string> components(const fs::path& folder, std::string_view relative) {
  const fs::path whole = folder / fs::path(std::string(relative.substr(0, relative.find('\0'))));
  if (relative.empty()) refuse(folder, "empty file name");
  if (relative.find('\0') != relative.npos) refuse(whole, "NUL in a file name");
  if (relative.front() == '/') refuse(fs::path(relative), "absolute path where a path inside the folder is needed");
  std::vector<std::string> parts;
  for (const fs::path& part : fs::path(relative)) {
    if (part == "..") refuse(whole, "'..' in a path that must stay inside its folder");
    if (part != "." && !part.empty()) parts.push_back(part.string());
  }
  if (parts.empty()) refuse(whole, "names a folder, not a file");
  return parts;
}

// Opens step by step and follows no link, so that nothing swapped meanwhile can lead outside.
Descriptor open_beneath(const fs::path& folder, std::string_view relative) {
  const std::vector<std::string> parts = components(folder, relative);
  const fs::path whole = folder / fs::path(relative);
  Descriptor at = open_at(AT_FDCWD, folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (!at.valid()) fail(folder, "open the folder", errno);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const int kind = i + 1 < parts.size() ? O_RDONLY | O_DIRECTORY : kReadFlags;
    Descriptor next = open_at(at.get(), parts[i].c_str(), kind | O_NOFOLLOW);
    if (!next.valid() && errno == ELOOP) refuse(whole, "is a symbolic link or lies behind one");
    if (!next.valid() && errno == ENOTDIR) refuse(whole, "lies behind a link or something that is not a folder");
    if (!next.valid()) fail(whole, "open the file", errno);
    at = std::move(next);
  }
  if (status_of_regular(at, whole).st_nlink > 1)
    refuse(whole, "has several hard links, so it may lie outside its folder");
  return at;
}

void write_all(int fd, std::span<const std::byte> bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, "write the file", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
}

void sync(int fd, const fs::path& path) {
  int result;
  do result = ::fsync(fd);
  while (result != 0 && errno == EINTR);
  if (result != 0) fail(path, "bring the file to the disk", errno);
}

// Of a file that is being written: kTemporary, the process, "-", a number, kTemporaryEnd.
constexpr std::string_view kTemporary = ".bitwright-", kTemporaryEnd = ".tmp";

// The process that a temporary file's name tells; 0 when it is no such name.
pid_t writer_of(std::string_view name) {
  if (!name.starts_with(kTemporary) || !name.ends_with(kTemporaryEnd)) return 0;
  const char *at = name.data() + kTemporary.size(), *end = name.data() + name.size() - kTemporaryEnd.size();
  std::uint32_t pid = 0, count = 0;
  const auto first = std::from_chars(at, end, pid);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '-') return 0;
  const auto second = std::from_chars(first.ptr + 1, end, count);
  if (second.ec != std::errc{} || second.ptr != end) return 0;
  return std::in_range<pid_t>(pid) ? static_cast<pid_t>(pid) : 0;
}

bool is_alive(pid_t pid) {
  return ::kill(pid, 0) == 0 || errno == EPERM;
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

std::string read_file(const fs::path& path, std::uint64_t max_bytes) {
  const Descriptor file = open_regular(path);
  const auto size = static_cast<std::uint64_t>(status_of_regular(file, path).st_size);
  const auto check = [&](std::uint64_t bytes) {
    if (bytes > max_bytes)
      throw Error(InputClass::Limit, fmt::format("{} bytes or more, and the limit is {}", bytes, max_bytes),
                  path.string());
  };
  check(size);
  std::string text;
  std::size_t have = 0;
  // One byte more than the size, to see a file that grows; /proc files say size 0 and have content.
  for (std::size_t room = size + 1;; room = have + (std::size_t{1} << 16)) {
    text.resize(room);
    const ssize_t n = ::read(file.get(), text.data() + have, text.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, "read the file", errno);
    have += static_cast<std::size_t>(n);
    check(have);
    if (n == 0) break;
  }
  text.resize(have);
  return text;
}

struct MappedFile::Mapping {
  const std::byte* data = nullptr;
  std::size_t size = 0;

  Mapping(const Descriptor& file, const fs::path& path) {
    size = static_cast<std::size_t>(status_of_regular(file, path).st_size);
    if (size == 0) return;
    void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (at == MAP_FAILED) fail(path, "map the file", errno);
    data = static_cast<const std::byte*>(at);
  }
  Mapping(const Mapping&) = delete;
  ~Mapping() {
    if (data) ::munmap(const_cast<std::byte*>(data), size);
  }
};

MappedFile::MappedFile(std::shared_ptr<const Mapping> mapping) : mapping_(std::move(mapping)) {}
MappedFile::MappedFile(const fs::path& path) : mapping_(std::make_shared<Mapping>(open_regular(path), path)) {}

MappedFile MappedFile::beneath(const fs::path& folder, std::string_view relative) {
  const Descriptor file = open_beneath(folder, relative);
  return MappedFile(std::make_shared<const Mapping>(file, folder / fs::path(relative)));
}

std::span<const std::byte> MappedFile::bytes() const {
  return {mapping_->data, mapping_->size};
}
std::shared_ptr<const void> MappedFile::owner() const {
  return mapping_;
}

TemporaryFolder::TemporaryFolder(std::string_view purpose) {
  std::string folder = (fs::temp_directory_path() / "bitwright-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) fail(folder, fmt::format("make a folder for {}", purpose), errno);
  path_ = folder;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::optional<FilePart> mapped_from(std::span<const std::byte> bytes) {
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data()), end = begin + bytes.size();
  std::istringstream maps(read_file("/proc/self/maps"));
  for (std::string line; std::getline(maps, line);) {
    unsigned long long low = 0, high = 0, offset = 0, inode = 0;
    int path = 0;  // FROM-TO RIGHTS OFFSET DEVICE INODE PATH
    if (std::sscanf(line.c_str(), "%llx-%llx %*s %llx %*s %llu %n", &low, &high, &offset, &inode, &path) < 4) continue;
    if (begin < low || end > high) continue;
    struct stat status{};
    const fs::path file = line.substr(static_cast<std::size_t>(path));
    if (inode == 0 || ::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_ino != inode)
      return std::nullopt;
    return FilePart{file, offset + (begin - low)};
  }
  return std::nullopt;
}

struct FileWriter::State {
  static constexpr std::size_t kBuffer = std::size_t{1} << 18;

  fs::path path, temporary;
  Descriptor file;
  std::vector<std::byte> buffer;
  std::uint64_t written = 0;

  explicit State(fs::path target) : path(std::move(target)) {
    std::error_code ignored;
    const fs::file_status old = fs::status(path, ignored);
    if (fs::is_directory(old)) refuse(path, "is a folder where a file is to be written", "Name a file in it");
    if (fs::exists(old) && !fs::is_regular_file(old)) refuse(path, "exists and is not a regular file");
    const fs::path folder = folder_of(path);
    if (!fs::exists(folder, ignored))
      refuse(path, fmt::format("there is no folder '{}'", folder.string()), "Make it first");
    require_not_kept(path);
    static std::atomic<unsigned> count{0};
    do {
      temporary = folder / fmt::format("{}{}-{}{}", kTemporary, ::getpid(), count++, kTemporaryEnd);
      file = open_at(AT_FDCWD, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
    } while (!file.valid() && errno == EEXIST);
    if (!file.valid()) {
      temporary.clear();
      fail(path, "create a file in its folder", errno);
    }
  }

  ~State() {
    if (!temporary.empty()) ::unlink(temporary.c_str());
  }

  void flush() {
    write_all(file.get(), buffer, path);
    buffer.clear();
  }

  void add(std::span<const std::byte> bytes) {
    if (temporary.empty()) throw Error(ErrorKind::Internal, "written to after commit", path.string());
    written += bytes.size();
    if (buffer.size() + bytes.size() > kBuffer) flush();
    if (bytes.size() > kBuffer) return write_all(file.get(), bytes, path);
    buffer.insert(buffer.end(), bytes.begin(), bytes.end());
  }

  void commit() {
    flush();
    if (::fchmod(file.get(), 0644) != 0) fail(path, "set the mode of the file", errno);
    sync(file.get(), path);
    if (::close(file.release()) != 0 && errno != EINTR) fail(path, "close the file", errno);
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "put the file in its place", errno);
    temporary.clear();
    const fs::path folder = folder_of(path);
    const Descriptor at = open_at(AT_FDCWD, folder.c_str(), O_RDONLY | O_DIRECTORY);
    if (!at.valid()) fail(folder, "open the folder", errno);
    sync(at.get(), folder);
  }
};

FileWriter::FileWriter(fs::path path) : state_(std::make_unique<State>(std::move(path))) {}
FileWriter::~FileWriter() = default;
void FileWriter::write(std::span<const std::byte> bytes) {
  state_->add(bytes);
}
void FileWriter::write(std::string_view text) {
  state_->add(as_bytes(text));
}
std::uint64_t FileWriter::written() const {
  return state_->written;
}
const fs::path& FileWriter::complete() {
  state_->flush();
  return state_->temporary;
}
void FileWriter::commit() {
  state_->commit();
}

void make_folder(const fs::path& path) {
  std::error_code failure;
  fs::create_directories(path, failure);
  if (failure) throw Error(InputClass::Path, "cannot make the folder: " + failure.message(), path.string());
}

void require_writable(const fs::path& file) {
  const FileWriter probe(file);
}

void require_writable_folder(const fs::path& folder) {
  fs::path there = folder;  // or the nearest above it that is there
  std::error_code failure;
  while (!fs::exists(there, failure) && !failure && there.has_relative_path()) there = folder_of(there);
  if (failure) refuse(folder, "cannot be a folder: " + failure.message(), "Give another folder");
  if (!fs::is_directory(there, failure))
    refuse(folder, fmt::format("cannot be a folder: '{}' is a file", there.string()), "Give another folder");
  try {
    const FileWriter probe(there / "probe");
  } catch (const Error& error) {
    refuse(folder, error.message(), "Give another folder, or change its permissions");
  }
}

bool is_temporary(std::string_view file_name) {
  return writer_of(file_name) > 0;
}

void remove_abandoned(const fs::path& folder) {
  std::error_code failure;
  for (fs::directory_iterator it(folder, failure), end; !failure && it != end; it.increment(failure)) {
    const pid_t writer = writer_of(it->path().filename().string());
    if (writer > 0 && it->is_regular_file() && !it->is_symlink() && !is_alive(writer)) ::unlink(it->path().c_str());
  }
}

void write_file(const fs::path& path, std::span<const std::byte> bytes) {
  FileWriter file(path);
  file.write(bytes);
  file.commit();
}

void write_file(const fs::path& path, std::string_view text) {
  write_file(path, as_bytes(text));
}

}  // namespace bw
