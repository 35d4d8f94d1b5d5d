// docs/dataset.md is what the program prints.
#include <map>
#include <set>

#include "archive/make.h"
#include "data/spec.h"

using namespace bw;
using namespace bw::test;

TEST_CASE("docs/dataset.md is what 'bitwright data keys' prints") {
  CHECK(read_file(fs::path(BW_SOURCE) / "docs/dataset.md") == dataset_page());
}

TEST_CASE("every key of dataset.yaml says what it is") {
  std::map<std::string_view, std::set<std::string_view>> keys;
  for (const DatasetKey& key : dataset_keys()) {
    CAPTURE(key.where, key.name);
    CHECK(keys[key.where].insert(key.name).second);
    CHECK(!key.type.empty());
    CHECK(!key.standard.empty());
    CHECK(key.says.size() > 10);
    CHECK(key.says.find('|') == key.says.npos);
    CHECK(dataset_page().find("| `" + std::string(key.name) + "` | ") != std::string::npos);
  }
  CHECK(keys.size() == 6);
  CHECK(keys["source"].contains("kind"));
}

TEST_CASE("the page's example is read") {
  const std::string page = dataset_page();
  const std::size_t begin = page.find("```yaml\n") + 8;
  CHECK(parse_spec(page.substr(begin, page.find("```", begin) - begin), "page").outputs.size() == 2);
}
