#include "base/file.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <fstream>

#include "base/error.h"
#include "folder.h"

using namespace bw;

namespace {

template <class Body>
std::string refusal(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return std::string(name_of(error.input_class())) + " " + error.what();
  }
  return "accepted";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("a file is written whole, with its old content or the new") {
  const test::Folder folder;
  const fs::path path = folder.path() / "a.txt";
  write_file(path, "old");
  CHECK(read_file(path) == "old");
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0644);

  FileWriter file(path);
  const std::string piece(300000, 'x');  // above the buffer
  file.write("start ");
  file.write(piece);
  file.write(" end");
  CHECK(read_file(path) == "old");
  CHECK(file.written() == piece.size() + 10);
  file.commit();
  CHECK(read_file(path) == "start " + piece + " end");
  CHECK(entries(folder.path()) == 1);
  CHECK_THROWS_AS(file.write("more"), Error);
}

TEST_CASE("an uncommitted file leaves nothing") {
  const test::Folder folder;
  {
    FileWriter(folder.path() / "a.txt").write("text");
  }
  CHECK(entries(folder.path()) == 0);
}

TEST_CASE("writing says what the system said, and leaves the old file") {
  const test::Folder folder;
  CHECK(refusal([&] { write_file(folder.path() / "no" / "a.txt", "x"); }).find("there is no folder") !=
        std::string::npos);
  CHECK(refusal([&] { write_file(folder.path(), "x"); }).find("is a folder where a file") != std::string::npos);
  CHECK(refusal([&] { write_file("/dev/null", "x"); }).find("not a regular file") != std::string::npos);

  const fs::path path = folder.path() / "a.txt";
  write_file(path, "old");
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{1000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);  // a full disk, as far as write(2) tells: first a short write, then an error
  const std::string said = refusal([&] { write_file(path, std::string(5000, 'x')); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  CHECK(said.find("a.txt: cannot write the file: File too large") != std::string::npos);
  CHECK(read_file(path) == "old");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("a process killed while it writes leaves the old file or the new") {
  const test::Folder folder;
  const fs::path path = folder.path() / "a.txt";
  const std::string a(100000, 'a'), b(100000, 'b');
  write_file(path, a);
  for (int round = 0; round < 30; ++round) {
    const pid_t child = ::fork();
    if (child == 0)
      for (bool flip = false;; flip = !flip) write_file(path, flip ? a : b);
    ::usleep(static_cast<useconds_t>(1000 + 371 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const std::string now = read_file(path);
    REQUIRE((now == a || now == b));
  }
}

TEST_CASE("what killed writers left is removed, and nothing else") {
  const test::Folder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    FileWriter dead(folder.path() / "a.txt");
    dead.write(std::string(300000, 'x'));
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  const std::string gone = std::to_string(child);
  REQUIRE(entries(folder.path()) == 1);
  CHECK(is_temporary(fs::directory_iterator(folder.path())->path().filename().string()));
  FileWriter ours(folder.path() / "b.txt");
  const std::vector<std::string> others{".bitwright-" + gone + ".tmp",
                                        ".bitwright-" + gone + "-1.tmp.gz",
                                        ".bitwright-" + gone + "-x.tmp",
                                        ".bitwright--" + gone + "-1.tmp",
                                        ".bitwright-99999999999-1.tmp",
                                        "a.bitwright-" + gone + "-1.tmp",
                                        ".bitwright-0-1.tmp",
                                        ".bitwright-.tmp"};
  for (const std::string& name : others) {
    CHECK(!is_temporary(name));
    write_file(folder.path() / name, "");
  }
  remove_abandoned(folder.path());
  CHECK(entries(folder.path()) == others.size() + 1);
  ours.commit();
  CHECK(read_file(folder.path() / "b.txt").empty());
  remove_abandoned(folder.path() / "none");
}

TEST_CASE("whether something can be written is asked without writing") {
  const test::Folder folder;
  const fs::path here = folder.path();
  write_file(here / "file", "old");
  CHECK_NOTHROW(require_writable(here / "new"));
  CHECK_NOTHROW(require_writable(here / "file"));
  CHECK_NOTHROW(require_writable_folder(here));
  CHECK_NOTHROW(require_writable_folder(here / "a/b/c"));
  CHECK(has(refusal([&] { require_writable(here); }), "is a folder where a file is to be written. Name a file in it"));
  CHECK(has(refusal([&] { require_writable(here / "none/new"); }),
            "there is no folder '" + (here / "none").string() + "'. Make it"));
  CHECK(has(refusal([&] { require_writable(here / "file/new"); }), "Not a directory"));
  CHECK(has(refusal([&] { require_writable_folder(here / "file"); }), "'" + (here / "file").string() + "' is a file"));
  CHECK(has(refusal([&] { require_writable_folder(here / "file/a/b"); }), "file' is a file"));
  CHECK(has(refusal([&] { require_writable_folder("/proc/none"); }), "/proc/none: cannot create a file"));
  CHECK(read_file(here / "file") == "old");
  CHECK(entries(here) == 1);
}

TEST_CASE("reading refuses what is no regular file, and what is too long") {
  const test::Folder folder;
  const fs::path path = folder.path() / "a.txt";
  write_file(path, "12345");
  CHECK(read_file(path, 5) == "12345");
  CHECK(refusal([&] { read_file(path, 4); }).starts_with("limit"));
  CHECK(refusal([&] { read_file(folder.path()); }).starts_with("path"));
  CHECK(refusal([&] { read_file(folder.path() / "none"); }).starts_with("path"));
  REQUIRE(::mkfifo((folder.path() / "fifo").c_str(), 0600) == 0);
  CHECK(refusal([&] { read_file(folder.path() / "fifo"); }).starts_with("path"));  // and does not wait for a writer
  CHECK(refusal([&] { MappedFile(folder.path() / "fifo"); }).starts_with("path"));
  CHECK(refusal([&] { read_file("/dev/zero"); }).starts_with("path"));
  CHECK(!read_file("/proc/self/status").empty());  // says size 0
}

TEST_CASE("a mapping outlives its file object and the file's name") {
  const test::Folder folder;
  const fs::path path = folder.path() / "a.bin";
  write_file(path, "mapped bytes");
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
  {
    const MappedFile file(path);
    bytes = file.bytes();
    owner = file.owner();
  }
  fs::remove(path);
  CHECK(as_text(bytes) == "mapped bytes");
  write_file(path, "");
  CHECK(MappedFile(path).bytes().empty());
}

TEST_CASE("a file beneath a folder is never outside of it") {
  const test::Folder folder;
  const fs::path inside = folder.path() / "in";
  fs::create_directories(inside / "sub");
  write_file(folder.path() / "secret", "secret");
  write_file(inside / "a.bin", "a");
  write_file(inside / "sub" / "b.bin", "b");
  fs::create_symlink("a.bin", inside / "link");
  fs::create_symlink("..", inside / "up");
  fs::create_symlink("sub", inside / "linked");
  fs::create_hard_link(folder.path() / "secret", inside / "hard");
  REQUIRE(::mkfifo((inside / "fifo").c_str(), 0600) == 0);

  CHECK(as_text(MappedFile::beneath(inside, "a.bin").bytes()) == "a");
  CHECK(as_text(MappedFile::beneath(inside, "./sub//b.bin").bytes()) == "b");
  using namespace std::string_view_literals;
  for (const std::string_view name : {""sv, "."sv, "sub"sv, "sub/"sv, "../secret"sv, "sub/../../secret"sv,
                                      "sub/../a.bin"sv, "link"sv, "up/secret"sv, "linked/b.bin"sv, "hard"sv, "fifo"sv,
                                      "none"sv, "a.bin\0x"sv, "a.bin/x"sv, "/etc/passwd"sv, "*/_ORT_MEM_ADDR_/*"sv}) {
    CAPTURE(name);
    CHECK(refusal([&] { MappedFile::beneath(inside, name); }).starts_with("path"));
  }
  // The folder itself may be a link: the user named it.
  CHECK(as_text(MappedFile::beneath(inside / "linked", "b.bin").bytes()) == "b");
}

TEST_CASE("bytes that are mapped from a file say where they stand there, as long as it has its name") {
  const test::Folder folder;
  const fs::path path = folder.path() / "with a space.bin";
  write_file(path, as_bytes(std::string(10'000, 'x')));
  const MappedFile file(path);
  const auto part = mapped_from(file.bytes().subspan(5000, 100));
  REQUIRE(part);
  CHECK(part->file == path);
  CHECK(part->offset == 5000);
  const std::string own(100, 'x');
  CHECK_FALSE(mapped_from(as_bytes(own)));
  write_file(path, as_bytes(std::string("another file of this name")));
  CHECK_FALSE(mapped_from(file.bytes()));
  write_file(path.string() + " (deleted)", as_bytes(std::string("as the system calls the old one")));
  CHECK_FALSE(mapped_from(file.bytes()));
}

TEST_CASE("a temporary folder goes with all that is in it, and says for what it could not be made") {
  fs::path path;
  {
    const TemporaryFolder folder("a test");
    path = folder.path();
    make_folder(path / "inner");
    write_file(path / "inner/file", as_bytes(std::string("x")));
    CHECK(TemporaryFolder("a test").path() != path);
  }
  CHECK_FALSE(fs::exists(path));
  const std::string before = fs::temp_directory_path().string();
  ::setenv("TMPDIR", "/proc/self", 1);
  CHECK(refusal([] { TemporaryFolder("a test"); }).find("cannot make a folder for a test") != std::string::npos);
  ::setenv("TMPDIR", before.c_str(), 1);
}
