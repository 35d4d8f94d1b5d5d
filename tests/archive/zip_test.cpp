#include "archive/zip.h"

#include "archive/make.h"

using namespace bw;
using namespace bw::test;

namespace {

void read_all(const fs::path& path) {
  const Zip archive(path);
  for (const Zip::Entry& entry : archive.entries()) archive.read(entry);
}

struct Case {
  const char* name;
  InputClass input_class;
  const char* fragment;
  std::string content;
};

std::string with_byte(std::string content, std::size_t at, char byte) {
  content[at] = byte;
  return content;
}

}  // namespace

TEST_CASE("zip entries come out as they went in") {
  Folder folder;
  const std::string text(100'000, 'x');
  const Zip archive(put(folder.path() / "a.zip", zip({{"plain", "one"}, {"folder/packed", text, true}}, "a comment")));
  REQUIRE(archive.entries().size() == 2);
  CHECK(as_text(archive.read(archive.entries()[0]).bytes) == "one");
  CHECK(as_text(archive.read(archive.entries()[1]).bytes) == text);
}

TEST_CASE("sizes of zip64 are taken from their field, whatever stands before it") {
  Folder folder;
  const std::string text(1000, 'x');
  const Zip archive(put(folder.path() / "a.zip",
                        zip({{"plain", "one"}, {.name = "wide", .content = text, .deflated = true, .wide = true}})));
  REQUIRE(archive.entries().size() == 2);
  CHECK(as_text(archive.read(archive.entries()[1]).bytes) == text);
}

TEST_CASE("damaged and hostile zip archives are refused") {
  const std::string good = zip({{"a", "content"}});
  const std::vector<Case> cases{
      {"empty", InputClass::Format, "not a zip archive", ""},
      {"text", InputClass::Format, "not a zip archive", "this is no archive at all, only a text"},
      {"truncated", InputClass::Format, "not a zip archive", good.substr(0, good.size() - 5)},
      {"front missing", InputClass::Format, "", good.substr(10)},
      {"climbing name", InputClass::Path, "leaves its folder", zip({{"../a", "x"}})},
      {"climbing inside", InputClass::Path, "leaves its folder", zip({{"a/../../b", "x"}})},
      {"absolute name", InputClass::Path, "leaves its folder", zip({{"/etc/passwd", "x"}})},
      {"backslash", InputClass::Path, "leaves its folder", zip({{"a\\b", "x"}})},
      {"NUL in the name", InputClass::Path, "leaves its folder", zip({{std::string("a\0b", 3), "x"}})},
      {"empty name", InputClass::Path, "leaves its folder", zip({{"", "x"}})},
      {"a name twice", InputClass::Format, "twice", zip({{"a", "x"}, {"a", "y"}})},
      {"names disagree", InputClass::Format, "disagrees", zip({{.name = "a", .content = "x", .local_name = "b"}})},
      {"sizes disagree", InputClass::Format, "disagrees",
       zip({{.name = "a", .content = "xxxx", .deflated = true, .directory_size = 3}})},
      {"checksums disagree", InputClass::Format, "disagrees", with_byte(good, 14, '\x7F')},
      {"two sizes when stored", InputClass::Format, "two sizes",
       zip({{.name = "a", .content = "xxxx", .claimed_size = 3}})},
      {"size too small", InputClass::Format, "size is not",
       zip({{.name = "a", .content = "xxxx", .deflated = true, .claimed_size = 3}})},
      {"size too large", InputClass::Format, "size is not",
       zip({{.name = "a", .content = "xxxx", .deflated = true, .claimed_size = 5}})},
      {"size impossible", InputClass::Format, "promises more",
       zip({{.name = "a", .content = "xxxx", .deflated = true, .claimed_size = 60'000'000}})},
      {"wrong checksum", InputClass::Format, "fails its checksum", zip({{.name = "a", .content = "x", .crc = 7}})},
      {"encrypted", InputClass::Format, "encrypted", zip({{.name = "a", .content = "x", .flags = 1}})},
      {"method 12", InputClass::Unsupported, "method 12", zip({{.name = "a", .content = "x", .method = 12}})},
      {"overlap", InputClass::Format, "overlaps",
       zip({{"a", zip({{"b", "inner"}})}, {.name = "b", .content = "inner", .header_offset = 31}})},
      {"offset outside", InputClass::Format, "", zip({{.name = "a", .content = "x", .header_offset = 1 << 30}})},
      {"zip64 sizes missing", InputClass::Format, "zip64",
       zip({{.name = "a", .content = "x", .deflated = true, .claimed_size = 0xFFFFFFFF}})},
      {"deflate damaged", InputClass::Format, "", with_byte(zip({{"a", std::string(1000, 'x'), true}}), 31, '\x7F')},
  };
  Folder folder;
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const fs::path path = put(folder.path() / "bad.zip", one.content);
    refuses(one.input_class, one.fragment, [&] { read_all(path); });
  }
}

TEST_CASE("a small archive that would become a gigabyte is refused from its directory alone") {
  Folder folder;
  std::vector<ZipFile> files;
  for (int i = 0; i < 100; ++i)
    files.push_back({.name = "n" + std::to_string(i), .content = std::string(1 << 20, '\0'), .deflated = true});
  const fs::path path = put(folder.path() / "bomb.zip", zip(files));
  CHECK(fs::file_size(path) < 200'000);
  refuses(InputClass::Limit, "would become 104857600", [&] { Zip{path}; });
}

TEST_CASE("the number of entries is limited") {
  Folder folder;
  const fs::path path = put(folder.path() / "many.zip", zip({{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  refuses(InputClass::Limit, "3 entries (limit: 2)", [&] { Zip(path, {.entries = 2}); });
}

TEST_CASE("only regular files are opened") {
  Folder folder;
  refuses(InputClass::Path, "", [&] { Zip{folder.path()}; });
  refuses(InputClass::Path, "", [&] { Zip{folder.path() / "missing.npz"}; });
}
