#include "base/kept_files.h"

#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "folder.h"

namespace bw {
namespace {

bool refused(const fs::path& path) {
  try {
    write_file(path, std::string_view("new"));
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Usage);
    CHECK(error.where() == path.string());
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a kept file is not written over by any of its names, until it is no longer kept") {
  test::Folder folder;
  const fs::path file = folder.path() / "input", other = folder.path() / "other";
  write_file(file, std::string_view("old"));
  write_file(other, std::string_view("old"));
  fs::create_symlink("input", folder.path() / "link");
  fs::create_hard_link(file, folder.path() / "hard");
  fs::create_directory_symlink(".", folder.path() / "here");
  const std::vector<fs::path> files{file, folder.path() / "missing"};
  KeptFiles kept = keep(files), twice = keep(files);
  for (const char* name : {"input", "link", "hard", "here/input", "./input"}) {
    INFO(name);
    CHECK(is_kept(folder.path() / name));
    CHECK(refused(folder.path() / name));
  }
  CHECK(read_file(file) == "old");
  CHECK_FALSE(refused(other));
  CHECK_FALSE(refused(folder.path() / "missing"));
  kept.reset();
  CHECK(refused(file));
  twice.reset();
  CHECK_FALSE(refused(file));
}

}  // namespace bw
