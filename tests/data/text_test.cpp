#include "data/text.h"

#include "archive/make.h"
#include "data/encoder.h"
#include "data/paths.h"
#include "data/table.h"

using namespace bw;
using namespace bw::test;

TEST_CASE("text must be strict UTF-8") {
  CHECK(checked_utf8("\xEF\xBB\xBFgr\xC3\xBC\xC3\x9F", "t") == "gr\xC3\xBC\xC3\x9F");
  CHECK(checked_utf8("\xF0\x9F\x98\x80", "t").size() == 4);
  for (const char* bad : {"\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\x80",
                          ("\xFF\xFE"
                           "a"),
                          "\xF0\x80\x80\xAF"}) {
    CAPTURE(bad);
    refuses(InputClass::Format, "t:2:3: holds bytes that are not UTF-8",
            [&] { checked_utf8("one\nxx" + std::string(bad), "t"); });
  }
  refuses(InputClass::Format, "t:1:2: holds a NUL byte", [] { checked_utf8(std::string("a\0b", 3), "t"); });
}

TEST_CASE("tables: separators, quotes, headers") {
  Folder folder;
  const Table csv =
      read_table(put(folder.path() / "a.csv", "text,label\r\n\"a, \"\"b\"\"\r\nc\",1\r\n\r\nplain,0\r\n"), {});
  REQUIRE(csv.rows() == 2);
  CHECK(csv.columns() == std::vector<std::string>{"text", "label"});
  CHECK(csv.cell(0, 0) == "a, \"b\"\r\nc");
  CHECK(csv.cell(1, 0) == "plain");
  CHECK(csv.place(1).ends_with("a.csv:5"));
  const Table tsv = read_table(put(folder.path() / "a.tsv", "it 's \"fine\" , really\t1\nno\t0"), {});
  REQUIRE(tsv.rows() == 2);
  CHECK(tsv.cell(0, 0) == "it 's \"fine\" , really");
  CHECK(tsv.columns() == std::vector<std::string>{"0", "1"});
  CHECK(read_table(folder.path() / "a.tsv", {"t", "l"}).columns()[1] == "l");
}

TEST_CASE("bad tables are refused with line and column") {
  Folder folder;
  const auto read = [&](const std::string& content) { read_table(put(folder.path() / "a.csv", content), {}); };
  refuses(InputClass::Format, "a.csv:2:3: a quote that is never closed", [&] { read("text,label\n1,\"open\n2,x\n"); });
  refuses(InputClass::Format, "a.csv:3:1: has 1 cells where the first row has 2",
          [&] { read("text,label\na,1\nb\n"); });
  refuses(InputClass::Format, "a.csv:2:2: a quote inside a cell", [&] { read("text,label\na\"b,1\n"); });
  refuses(InputClass::Format, "a.csv:2:4: text after a closing quote", [&] { read("text,label\n\"a\"b,1\n"); });
  refuses(InputClass::Format, "NUL", [&] { read(std::string("text,label\na\0,1\n", 16)); });
  refuses(InputClass::Data, "holds no rows", [&] { read("\n\n"); });
  refuses(InputClass::Limit, "more than 16777216 bytes",
          [&] { read("text,label\n" + std::string((1 << 24) + 2, 'x') + ",1\n"); });
  refuses(InputClass::Format, "not the 3 that are named",
          [&] { read_table(put(folder.path() / "a.csv", "a,1\n"), {"a", "b", "c"}); });
}

TEST_CASE("a list of words encodes text") {
  Folder folder;
  const auto words = open_vocabulary(put(folder.path() / "vocab.txt", "<pad>\n<unk>\nthe\ncat\n"));
  CHECK(words->encode(" the  dog\tcat", true).ids == std::vector<std::int64_t>{2, 1, 3});
  CHECK(words->vocabulary() == 4);
  const auto strict = open_vocabulary(put(folder.path() / "strict.txt", "the\ncat\n"));
  refuses(InputClass::Data, "\"dog\" is not in the vocabulary", [&] { strict->encode("the dog", true); });
  refuses(InputClass::Semantic, "vocab.txt:3: the word \"the\" stands here twice",
          [&] { open_vocabulary(put(folder.path() / "vocab.txt", "the\ncat\nthe\n")); });
  refuses(InputClass::Data, "no words", [&] { open_vocabulary(put(folder.path() / "empty.txt", "")); });
}

namespace {

std::string tokenizer(const std::string& vocab) {
  return R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"WhitespaceSplit"},)"
         R"("post_processor":null,"decoder":null,"model":{"type":"WordLevel","vocab":)" +
         vocab + R"(,"unk_token":"[UNK]"}})";
}

}  // namespace

TEST_CASE("a tokenizer.json encodes text") {
  Folder folder;
  const auto encoder =
      open_tokenizer(put(folder.path() / "tokenizer.json", tokenizer(R"({"[UNK]":0,"the":1,"cat":2})")));
  CHECK(encoder->encode("the cat sat", true).ids == std::vector<std::int64_t>{1, 2, 0});
  CHECK(encoder->id_of("cat") == 2);
  CHECK(encoder->id_of("dog") == -1);
}

TEST_CASE("bad tokenizer files are refused") {
  Folder folder;
  const auto open = [&](const std::string& content) { open_tokenizer(put(folder.path() / "tokenizer.json", content)); };
  refuses(InputClass::Semantic, "two tokens have the id 1", [&] { open(tokenizer(R"({"[UNK]":0,"the":1,"cat":1})")); });
  refuses(InputClass::Semantic, "has the id -1", [&] { open(tokenizer(R"({"[UNK]":0,"the":-1})")); });
  refuses(InputClass::Semantic, "has the id 99999999999", [&] { open(tokenizer(R"({"[UNK]":0,"the":99999999999})")); });
  refuses(InputClass::Format, "no whole number", [&] { open(tokenizer(R"({"[UNK]":"zero"})")); });
  refuses(InputClass::Format, "no \"model\"", [&] { open("{}"); });
  refuses(InputClass::Format, "", [&] { open("not json"); });
  refuses(InputClass::Format, "not a tokenizer that can be used",
          [&] { open(R"({"model":{"type":"Martian","vocab":{}}})"); });
  refuses(InputClass::Limit, "", [&] { open(std::string(100'000, '[')); });
}

TEST_CASE("paths in files stay beneath the folder") {
  Folder folder;
  put(folder.path() / "data" / "a.npz", "x");
  put(folder.path() / "secret", "x");
  fs::create_symlink(folder.path() / "secret", folder.path() / "data" / "link");
  fs::create_directory_symlink(folder.path(), folder.path() / "data" / "up");
  const fs::path root = folder.path() / "data";
  CHECK(beneath(root, "a.npz", "t") == root / "a.npz");
  CHECK(beneath(root, "", "t") == root);
  for (const char* bad : {"../secret", "/etc/passwd", "link", "up/secret", "missing", "a\\b"}) {
    CAPTURE(bad);
    refuses(InputClass::Path, "", [&] { beneath(root, bad, "t"); });
  }
}
