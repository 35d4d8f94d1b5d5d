// From a folder to what is opened: which of the things in it is the data.
#include <map>
#include <nlohmann/json.hpp>

#include "archive/make.h"
#include "data/dataset.h"
#include "data/image.h"

using namespace bw;
using namespace bw::test;

namespace {

Dim dim(std::int64_t value) {
  return {value, ""};
}
const Dim kBatch{-1, "N"};
const std::vector<InputSignature> kPicture{{"x", DType::Float32, {kBatch, dim(3), dim(16), dim(16)}}};
const std::vector<InputSignature> kRow{{"x", DType::Float32, {kBatch, dim(2)}}};

bool guessed(const Dataset& data, const std::string& part) {
  for (const std::string& guess : data.guesses())
    if (guess.find(part) != std::string::npos) return true;
  return false;
}
Dataset open(const fs::path& path, const std::vector<InputSignature>& inputs) {
  return open_dataset(path, inputs, {.allow_overlap = true});
}
std::string kind_of(const Dataset& data) {
  return data.description()["source"].get<std::string>();
}
Tensor rows(std::int64_t count, float value) {
  return Tensor::fill<float>({count, 2}, [&](auto out) { std::fill(out.begin(), out.end(), value); });
}
Tensor labels(std::int64_t count) {
  return Tensor::fill<std::int64_t>({count}, [](auto) {});
}

// A gray image, all black.
std::string black_png(std::uint32_t height, std::uint32_t width) {
  const auto big = [](std::uint32_t value) {
    const std::string bytes = little(value, 4);
    return std::string(bytes.rbegin(), bytes.rend());
  };
  const auto chunk = [&](const std::string& body) {
    const auto crc = ::crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
    return big(static_cast<std::uint32_t>(body.size() - 4)) + body + big(static_cast<std::uint32_t>(crc));
  };
  const std::string pixels(height * (width + 1), '\0');
  std::string packed(::compressBound(pixels.size()), '\0');
  uLongf size = packed.size();
  ::compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(pixels.data()),
             pixels.size());
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR" + big(width) + big(height) + std::string("\x08\0\0\0\0", 5)) +
         chunk("IDAT" + packed.substr(0, size)) + chunk("IEND");
}

}  // namespace

TEST_CASE("files beside folders of classes do not take the data over") {
  Folder folder;
  const std::string png = read_file(kGolden / "rgb.png");
  put(folder.path() / "cat/1.png", png);
  put(folder.path() / "dog/1.png", png);
  const std::map<std::string, std::string> strays{
      {"README.txt", "some words\n"},          {"labels.csv", "cat,1\ndog,2\n"}, {"notes.tsv", "a\t1\n"},
      {"stray.npz", npz({{"q", rows(3, 1)}})}, {"q.npy", npy(rows(3, 1))},       {"sound.wav", "RIFF"}};
  for (const auto& [name, content] : strays) {
    CAPTURE(name);
    const fs::path stray = put(folder.path() / name, content);
    const Dataset data = open(folder.path(), kPicture);
    CHECK(kind_of(data) == "images");
    CHECK(data.evaluation().size() == 2);
    if (name != "sound.wav") CHECK(guessed(data, name + " beside them could be read as well"));
    put(folder.path() / "dataset.yaml", "version: 1\nsource: {kind: images}\n");
    CHECK(open(folder.path(), kPicture).evaluation().size() == 2);
    fs::remove(folder.path() / "dataset.yaml");
    fs::remove(stray);
  }
}

TEST_CASE("a kind that the description names is obeyed") {
  Folder folder;
  put(folder.path() / "cat/1.png", read_file(kGolden / "rgb.png"));
  put(folder.path() / "dog/1.png", read_file(kGolden / "rgb.png"));
  put(folder.path() / "a.npz", npz({{"x", rows(4, 1)}}));
  put(folder.path() / "b.txt", "text\n");
  put(folder.path() / "dataset.yaml", "version: 1\nsource: {kind: npz}\n");
  CHECK(open(folder.path(), kRow).evaluation().size() == 4);
  put(folder.path() / "dataset.yaml", "version: 1\nsource: {kind: tar}\n");
  refuses(InputClass::Data, "there is nothing here that can be read as data", [&] { open(folder.path(), kRow); });
  put(folder.path() / "dataset.yaml", "version: 1\nsource: {kind: pictures}\n");
  refuses(InputClass::Unsupported, "unknown source kind \"pictures\"", [&] { open(folder.path(), kRow); });
}

TEST_CASE("folders of images that are called like splits come before stray files of that name") {
  Folder folder;
  for (const char* name : {"train/cat/1.png", "train/dog/2.png", "val/cat/3.png", "val/dog/4.png"})
    put(folder.path() / name, read_file(kGolden / "rgb.png"));
  put(folder.path() / "test.csv", "a,1\nb,2\n");
  put(folder.path() / "all.txt", "a b c\n");
  const Dataset data = open(folder.path(), kPicture);
  CHECK(kind_of(data) == "images");
  CHECK(data.split_names() == std::vector<std::string>{"train", "val"});
}

TEST_CASE("arrays named after splits are parts of one set") {
  Folder folder;
  const std::vector<std::pair<std::string, Tensor>> arrays{
      {"x_train", rows(6, 1)}, {"y_train", labels(6)}, {"x_test", rows(4, 2)}, {"y_test", labels(4)}};
  const auto check = [](const Dataset& data) {
    CHECK(data.task() == TaskKind::Classification);
    CHECK(data.calibration().name() == "train");
    CHECK(data.calibration().size() == 6);
    CHECK(data.evaluation().name() == "test");
    CHECK(data.evaluation().size() == 4);
    CHECK(data.calibration().get(0).inputs[0].data<float>()[0] == 1);
    CHECK(data.evaluation().get(0).inputs[0].data<float>()[0] == 2);
    CHECK(guessed(data, "splits are the parts that arrays are named after"));
  };
  put(folder.path() / "mnist.npz", npz(arrays));
  check(open(folder.path() / "mnist.npz", kRow));
  check(open(folder.path(), kRow));
  Folder files;
  for (const auto& [name, array] : arrays) put(files.path() / (name + ".npy"), npy(array));
  check(open(files.path(), kRow));
  // An input of that very name is no part.
  put(folder.path() / "mnist.npz", npz({{"x_test", rows(4, 2)}, {"y_test", labels(4)}}));
  CHECK(open(folder.path(), kRow).split_names() == std::vector<std::string>{"test"});
  const std::vector<InputSignature> named{{"x_test", DType::Float32, {kBatch, dim(2)}}};
  CHECK(open(folder.path(), named).split_names() == std::vector<std::string>{"mnist"});
}

TEST_CASE("one npy file is one input; train.npy and test.npy are splits") {
  Folder folder;
  put(folder.path() / "train.npy", npy(rows(6, 1)));
  CHECK(open(folder.path() / "train.npy", kRow).evaluation().size() == 6);
  put(folder.path() / "test.npy", npy(rows(4, 2)));
  CHECK(open(folder.path(), kRow).evaluation().size() == 4);
}

TEST_CASE("images that have the model's size already are taken as they are") {
  Folder folder;
  const std::string png = read_file(kGolden / "rgb.png");
  for (const char* name : {"cat/1.png", "cat/2.png", "dog/1.png"}) put(folder.path() / name, png);
  const Shape stored = decode_image(as_bytes(png), "rgb.png").shape();
  const std::vector<InputSignature> own{{"x", DType::Float32, {kBatch, dim(3), dim(stored[0]), dim(stored[1])}}};
  const auto resized = [](const Dataset& data) { return guessed(data, "are resized"); };
  CHECK(!resized(open(folder.path(), own)));
  put(folder.path() / "dataset.yaml", "version: 1\ninputs: {x: {layout: NCHW, scale: 1/255, mean: 0.5, std: 0.5}}\n");
  CHECK(!resized(open(folder.path(), own)));
  CHECK(resized(open(folder.path(), kPicture)));
  fs::remove(folder.path() / "dataset.yaml");
  put(folder.path() / "emu/1.png", black_png(stored[0] == 50 ? 51 : 50, 40));  // not all have it
  CHECK(resized(open(folder.path(), own)));
}

TEST_CASE("a table can name images beside texts") {
  Folder folder;
  const std::string png = read_file(kGolden / "rgb.png");
  put(folder.path() / "img/1.png", png);
  put(folder.path() / "img/2.png", png);
  put(folder.path() / "vocab.txt", "<unk>\na\ncat\ndog\n");
  put(folder.path() / "all.tsv", "image\tcaption\nimg/1.png\ta cat\nimg/2.png\ta dog a\n");
  const std::vector<InputSignature> inputs{{"pixels", DType::Float32, {kBatch, dim(3), dim(8), dim(8)}},
                                           {"input_ids", DType::Int64, {kBatch, Dim{-1, "S"}}}};
  const Sample sample = open(folder.path(), inputs).evaluation().get(1);
  CHECK(sample.inputs[0].shape() == Shape{3, 8, 8});
  CHECK(sample.inputs[1] == Tensor::of<std::int64_t>({3}, {1, 3, 1}));
  put(folder.path() / "all.tsv", "image\tcaption\nimg/1.png\ta cat\n../2.png\ta dog a\n");
  CHECK_THROWS_AS(open(folder.path(), inputs).evaluation().get(1), Error);
}
