#include "archive/tar.h"

#include "archive/make.h"

using namespace bw;
using namespace bw::test;

namespace {

// The entry with other bytes in its header, and the checksum that fits them.
std::string with_field(std::string entry, std::size_t at, std::string_view text) {
  entry.replace(at, text.size(), text);
  entry.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : entry.substr(0, 512)) sum += static_cast<unsigned char>(c);
  char octal[8];
  std::snprintf(octal, sizeof octal, "%06o", sum);
  return entry.replace(148, 6, octal);
}

std::string base_256(std::uint64_t number) {
  std::string bytes("\x80\0\0\0", 4);
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xFF);
  return bytes;
}

}  // namespace

TEST_CASE("tar entries come out as they went in, long names as well") {
  Folder folder;
  const std::string deep = std::string(120, 'd') + "/name.jpg", longer = std::string(150, 'e') + ".cls";
  const std::string record = "path=" + deep + "\n", pax = std::to_string(record.size() + 4) + " " + record;
  const Tar archive(
      put(folder.path() / "a.tar",
          tar({tar_entry("folder/", "", '5'), tar_entry("./a.txt", "one"), tar_entry("h", pax, 'x'),
               tar_entry("cut", "two"), tar_entry("@LongLink", longer + '\0', 'L'), tar_entry("cut too", "three")})));
  REQUIRE(archive.entries().size() == 3);
  CHECK(archive.entries()[0].name == "a.txt");
  CHECK(archive.entries()[1].name == deep);
  CHECK(archive.entries()[2].name == longer);
  CHECK(as_text(archive.read(archive.entries()[2]).bytes) == "three");
}

TEST_CASE("a name's first part is where POSIX has it, and not where GNU has other things") {
  Folder folder;
  const std::string posix = with_field(tar_entry("a.txt", "one"), 345, "folder");
  const std::string gnu =
      with_field(with_field(tar_entry("b.txt", "two"), 345, "14727"), 257, std::string_view("ustar  \0", 8));
  const Tar archive(put(folder.path() / "a.tar", tar({posix, gnu})));
  REQUIRE(archive.entries().size() == 2);
  CHECK(archive.entries()[0].name == "folder/a.txt");
  CHECK(archive.entries()[1].name == "b.txt");
}

TEST_CASE("an entry's size may stand in an extended header or in base 256") {
  Folder folder;
  const Tar archive(
      put(folder.path() / "a.tar", tar({tar_entry("h", "9 size=3\n", 'x'), tar_entry("a", "one", '0', "00000000000"),
                                        tar_entry("b", "three", '0', base_256(5))})));
  REQUIRE(archive.entries().size() == 2);
  CHECK(as_text(archive.read(archive.entries()[0]).bytes) == "one");
  CHECK(as_text(archive.read(archive.entries()[1]).bytes) == "three");
  const fs::path large =
      put(folder.path() / "b.tar", tar({tar_entry("a", "one", '0', base_256((std::uint64_t{1} << 32) + 3))}));
  refuses(InputClass::Format, "ends early", [&] { Tar{large}; });
}

TEST_CASE("damaged and hostile tar archives are refused") {
  struct Case {
    const char* name;
    InputClass input_class;
    const char* fragment;
    std::string content;
  };
  std::string wrong_sum = tar({tar_entry("a", "x")});
  wrong_sum[0] = 'b';
  const std::vector<Case> cases{
      {"symbolic link", InputClass::Path, "link or a device", tar({tar_entry("a", "", '2')})},
      {"hard link", InputClass::Path, "link or a device", tar({tar_entry("a", "", '1')})},
      {"device", InputClass::Path, "link or a device", tar({tar_entry("a", "", '3')})},
      {"pipe", InputClass::Path, "link or a device", tar({tar_entry("a", "", '6')})},
      {"link by pax", InputClass::Path, "link or a sparse",
       tar({tar_entry("h", "17 linkpath=/etc\n", 'x'), tar_entry("a", "x")})},
      {"climbing", InputClass::Path, "leaves its folder", tar({tar_entry("../a", "x")})},
      {"absolute", InputClass::Path, "leaves its folder", tar({tar_entry("/a", "x")})},
      {"climbing by pax", InputClass::Path, "leaves its folder",
       tar({tar_entry("h", "13 path=../a\n", 'x'), tar_entry("a", "x")})},
      {"twice", InputClass::Format, "twice", tar({tar_entry("a", "x"), tar_entry("a", "y")})},
      {"checksum", InputClass::Format, "checksum", wrong_sum},
      {"no archive", InputClass::Format, "no tar archive", std::string(1024, 'x')},
      {"short", InputClass::Format, "ends early", std::string(100, 'x')},
      {"truncated content", InputClass::Format, "ends early", tar_entry("a", std::string(2000, 'x')).substr(0, 1024)},
      {"size wraps", InputClass::Format, "",
       tar({tar_entry("a", "x", '0', std::string("\x80\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 12))})},
      {"damaged size", InputClass::Format, "damaged number", tar({tar_entry("a", "x", '0', "99999999999")})},
      {"damaged pax", InputClass::Format, "damaged pax",
       tar({tar_entry("h", "999 path=a\n", 'x'), tar_entry("a", "x")})},
      {"pax without end", InputClass::Format, "extended header", tar({tar_entry("h", "10 path=a\n", 'x')})},
  };
  Folder folder;
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const fs::path path = put(folder.path() / "bad.tar", one.content);
    refuses(one.input_class, one.fragment, [&] { Tar{path}; });
  }
}
