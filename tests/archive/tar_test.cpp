#include "archive/tar.h"

#include "archive/make.h"

using namespace bw;
using namespace bw::test;

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
