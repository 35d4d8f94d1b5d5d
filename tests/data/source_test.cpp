// What every entry of the source catalog must do.
#include "data/sources/source.h"
#include "data/sources/arrays.h"

#include <map>
#include <set>
#include <thread>

#include "archive/make.h"
#include "data/wav.h"

using namespace bw;
using namespace bw::test;

namespace {

struct Made {
  std::string path;
  std::shared_ptr<const TextEncoder> encoder = nullptr;
};

// A small dataset for each kind, in a folder.
std::map<std::string, Made> make_all(const fs::path& root) {
  const std::string png = read_file(kGolden / "rgb.png");
  const Tensor rows = Tensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6});
  put(root / "a.npz", npz({{"x", rows}, {"y", Tensor::of<std::int64_t>({3}, {0, 1, 2})}}));
  put(root / "a.tar",
      tar({tar_entry("0.png", png), tar_entry("0.cls", "1"), tar_entry("1.cls", "0"), tar_entry("1.png", png)}));
  put(root / "a-images-idx3-ubyte", std::string("\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x01", 16) + "ab");
  put(root / "a.tsv", "one text\t1\nother text\t0\n");
  put(root / "a.txt", "a b a b a b a b a\n");
  put(root / "images/cat/1.png", png);
  put(root / "images/dog/1.png", png);
  put(root / "sounds/no/1.wav", wav({.bits = 8}, "ab"));
  put(root / "sounds/yes/1.wav", wav({.bits = 8}, "abcd"));
  put(root / "arrays/x.npy", npy(rows));
  put(root / "arrays/y.npy", npy(Tensor::of<std::int64_t>({3}, {0, 1, 2})));
  const auto words = open_vocabulary(put(root / "words", "a\nb\n"));
  return {{"npz", {"a.npz"}},    {"tar", {"a.tar"}},           {"idx", {"a-images-idx3-ubyte"}},
          {"text", {"a.tsv"}},   {"corpus", {"a.txt", words}}, {"images", {"images"}},
          {"audio", {"sounds"}}, {"npy", {"arrays"}}};
}

bool matches(const Column& column, const Tensor& value) {
  if (value.dtype() != column.dtype || value.rank() != column.shape.size()) return false;
  for (std::size_t axis = 0; axis < value.rank(); ++axis)
    if (column.shape[axis] >= 0 && column.shape[axis] != value.shape()[axis]) return false;
  return true;
}

std::vector<Tensor> everything(const Source& source) {
  std::vector<Tensor> all;
  for (std::size_t item = 0; item < source.size(); ++item)
    for (std::size_t column = 0; column < source.columns().size(); ++column) all.push_back(source.get(item, column));
  return all;
}

}  // namespace

TEST_CASE("every source keeps the promises of the catalog") {
  Folder folder;
  const auto made = make_all(folder.path());
  REQUIRE(source_kinds().size() == made.size());
  for (const SourceKind* kind : source_kinds()) {
    CAPTURE(kind->name);
    const Made& data = made.at(std::string(kind->name));
    const fs::path path = folder.path() / data.path;
    CHECK(!kind->says.empty());
    CHECK(&source_kind(kind->name, "test") == kind);
    CHECK(sniff_source(path) == kind);
    CHECK(!kind->sniff(folder.path() / "missing.xyz"));
    SourceRequest request;
    request.root = folder.path();
    request.path = path;
    request.spec.window = 2;
    request.encoder = data.encoder;
    const auto source = kind->open(request);
    REQUIRE(source->size() > 1);
    std::set<std::string> ids;
    for (std::size_t item = 0; item < source->size(); ++item) {
      CHECK(ids.insert(source->id(item)).second);
      for (std::size_t column = 0; column < source->columns().size(); ++column)
        CHECK(matches(source->columns()[column], source->get(item, column)));
    }
    REQUIRE(!source->files().empty());
    for (const fs::path& file : source->files()) CHECK(fs::exists(file));
    const std::vector<Tensor> alone = everything(*source);
    std::vector<std::vector<Tensor>> together(4);
    std::vector<std::jthread> threads;
    for (auto& result : together) threads.emplace_back([&] { result = everything(*source); });
    threads.clear();
    for (const auto& result : together) CHECK(result == alone);
    put(folder.path() / "broken", "this is none of them");
    request.path = folder.path() / "broken";
    request.encoder = nullptr;
    if (kind->name != "text" && kind->name != "images" && kind->name != "audio")
      CHECK_THROWS_AS(kind->open(request), Error);
  }
}

TEST_CASE("arrays that are no column are named, and a single number is the same for every sample") {
  Folder folder;
  const Tensor x = Tensor::of<float>({2, 2}, {1, 2, 3, 4}), y = Tensor::of<std::int64_t>({2}, {0, 1});
  put(folder.path() / "a.npz",
      zip({{.name = "x.npy", .content = npy(x)},
           {.name = "y.npy", .content = npy(y)},
           {.name = "mean.npy", .content = npy(Tensor::of<float>({3}, {1, 2, 3}))},
           {.name = "rate.npy", .content = npy(Tensor::scalar<std::int64_t>(16000))},
           {.name = "names.npy", .content = npy(npy_header("<U5", "(2,)"), std::string(40, 'a'))}}));
  SourceRequest request;
  request.path = folder.path() / "a.npz";
  const auto source = kNpz.open(request);
  CHECK(source->size() == 2);
  REQUIRE(source->columns().size() == 3);
  CHECK(source->get(1, column_named(*source, "rate", "test")) == Tensor::scalar<std::int64_t>(16000));
  CHECK(source->notes().size() == 2);
  refuses(InputClass::Semantic,
          "There are: rate int64[], x float32[2], y int64[]; left out: names (has element type \"<U5\"), mean (3 rows, "
          "the others have 2)",
          [&] { column_named(*source, "names", "test"); });
}

TEST_CASE("names of arrays tell which part of the data they are") {
  CHECK(part_of_name("x_train")->base == "x");
  CHECK(part_of_name("x_train")->part == "train");
  CHECK(part_of_name("test_images")->base == "images");
  CHECK(part_of_name("x_validation")->part == "validation");
  CHECK(!part_of_name("x_data"));
  CHECK(!part_of_name("train"));
  CHECK(!part_of_name("xtrain"));
}

TEST_CASE("labels written as text") {
  const std::vector<std::string> whole{"3", "-1"}, real{"1", "2.5"}, names{"dog", "cat", "dog"};
  CHECK(read_text_labels(whole).values == Tensor::of<std::int64_t>({2}, {3, -1}));
  CHECK(read_text_labels(real).values == Tensor::of<float>({2}, {1, 2.5f}));
  CHECK(read_text_labels(names).values == Tensor::of<std::int64_t>({3}, {1, 0, 1}));
  CHECK(read_text_labels(names).classes == std::vector<std::string>{"cat", "dog"});
}
