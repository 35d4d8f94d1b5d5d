#include "data/dataset.h"

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "archive/make.h"
#include "archive/npy.h"
#include "base/random.h"
#include "data/check.h"
#include "tensor/convert.h"

using namespace bw;
using namespace bw::test;

namespace {

Dim dim(std::int64_t value) {
  return {value, ""};
}
const Dim kBatch{-1, "N"}, kLength{-1, "S"};

InputSignature image_input(std::int64_t size, std::int64_t channels = 3) {
  return {"input", DType::Float32, {kBatch, dim(channels), dim(size), dim(size)}};
}
InputSignature ids_input(const std::string& name = "input_ids") {
  return {name, DType::Int64, {kBatch, kLength}};
}

Tensor bytes(Shape shape, std::uint8_t start = 0) {
  return Tensor::fill<std::uint8_t>(std::move(shape), [&](auto out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(start + 7 * i);
  });
}
Tensor numbers(std::int64_t count, std::int64_t modulo) {
  return Tensor::fill<std::int64_t>({count}, [&](auto out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::int64_t>(i) % modulo;
  });
}
std::string png() {
  return read_file(kGolden / "rgb.png");
}
std::string jpeg() {
  return read_file(kGolden / "baseline.jpg");
}

bool guessed(const Dataset& data, const std::string& part) {
  for (const std::string& guess : data.guesses())
    if (guess.find(part) != std::string::npos) return true;
  return false;
}

Dataset open(const fs::path& path, std::vector<InputSignature> inputs, OpenOptions options = {}) {
  return open_dataset(path, inputs, options);
}

// A folder with ten images in each of two npz files.
fs::path npz_folder(const Folder& folder) {
  put(folder.path() / "calib.npz", npz({{"x", bytes({10, 4, 4, 3})}, {"y", numbers(10, 3)}}));
  put(folder.path() / "test.npz", npz({{"x", bytes({10, 4, 4, 3}, 1)}, {"y", numbers(10, 3)}}));
  return folder.path();
}

}  // namespace

TEST_CASE("feeds equal the zoo's evaluation to the bit") {
  const auto golden = read_npz(kGolden / "feeds.npz");
  Folder folder;
  put(folder.path() / "test.npz", npz({{"x", golden.at("x")}}));
  const std::string head = "version: 1\ntask: outputs\nsplits: {evaluation: test.npz}\ninputs: {input: {from: x, ";
  const std::map<std::string, std::string> feeds{
      {"cifar", "scale: 1/255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}}"},
      {"imagenet", "scale: 1, mean: 127, std: 128}}"}};
  for (const auto& [name, how] : feeds) {
    CAPTURE(name);
    put(folder.path() / "dataset.yaml", head + how);
    const Dataset data = open(folder.path(), {image_input(16)}, {.allow_overlap = true});
    CHECK(data.evaluation().get(0).inputs[0] == row_of(golden.at(name), 0));
  }
}

TEST_CASE("a folder of npz files needs no description") {
  Folder folder;
  const Dataset data = open(npz_folder(folder), {image_input(4)});
  CHECK(data.task() == TaskKind::Classification);
  CHECK(data.metrics() == std::vector<std::string>{"top1"});
  CHECK(data.calibration().name() == "calib");
  CHECK(data.evaluation().name() == "test");
  const Sample sample = data.evaluation().get(4);
  CHECK(sample.labels[0] == Tensor::scalar<std::int64_t>(1));
  REQUIRE(sample.inputs[0].shape() == Shape{3, 4, 4});
  CHECK(sample.inputs[0].data<float>()[16] ==
        static_cast<float>(static_cast<std::uint8_t>(1 + 7 * (4 * 48 + 1))) / 255.0f);
  CHECK(guessed(data, "divided by 255"));
  CHECK(guessed(data, "labels are the column \"y\""));
  CHECK(data.evaluation().classes().size() == 10);
}

TEST_CASE("outputs with metrics of their own are held against the model's") {
  Folder folder;
  put(npz_folder(folder) / "dataset.yaml", "version: 1\noutputs: {scores: {metric: top1}, boxes: {metric: mae}}\n");
  const OutputSignature boxes{"boxes", DType::Float32, {}}, scores{"scores", DType::Float32, {}};
  const Dataset data = open(folder.path(), {image_input(4)}, {.outputs = {boxes, scores}});
  REQUIRE(data.outputs().size() == 2);
  CHECK(data.outputs()[0].output == "scores");
  CHECK(data.outputs()[1].metric == "mae");
  refuses(InputClass::Semantic, "an output \"scores\", the model has none of that name. The model's outputs: boxes",
          [&] { open(folder.path(), {image_input(4)}, {.outputs = {boxes}}); });
}

TEST_CASE("layouts, colours and dtypes follow the description and the model") {
  Folder folder;
  put(folder.path() / "test.npz",
      npz({{"x", Tensor::of<std::uint8_t>({2, 1, 1, 3}, {10, 20, 30, 40, 50, 60})}, {"y", numbers(2, 2)}}));
  const auto feed = [&](const std::string& how, InputSignature signature) {
    put(folder.path() / "dataset.yaml",
        "version: 1\nsplits: {evaluation: test.npz}\ninputs: {input: {from: x, " + how + "}}\n");
    return open(folder.path(), {signature}, {.allow_overlap = true}).evaluation().get(0).inputs[0];
  };
  CHECK(feed("color: BGR, scale: 2", image_input(1)) == Tensor::of<float>({3, 1, 1}, {60, 40, 20}));
  CHECK(feed("layout: NHWC, scale: 1", {"input", DType::Float32, {kBatch, dim(1), dim(1), dim(3)}}) ==
        Tensor::of<float>({1, 1, 3}, {10, 20, 30}));
  CHECK(feed("scale: 1", {"input", DType::Float32, {kBatch, dim(1), dim(1), dim(1)}}) ==
        Tensor::of<float>({1, 1, 1}, {18}));
  CHECK(feed("layout: NHWC", {"input", DType::UInt8, {kBatch, dim(1), dim(1), dim(3)}}) ==
        Tensor::of<std::uint8_t>({1, 1, 3}, {10, 20, 30}));
  npz_folder(folder);
  CHECK(feed("", {"input", DType::UInt8, {kBatch, dim(4), dim(4), dim(3)}}) ==
        bytes({4, 4, 3}, 1));  // NHWC by its shape
  put(folder.path() / "test.npz",
      npz({{"x", Tensor::of<std::uint8_t>({2, 1, 1, 3}, {10, 20, 30, 40, 50, 60})}, {"y", numbers(2, 2)}}));
  CHECK(feed("scale: 1, mean: [1, 2, 3]", {"input", DType::Float32, {kBatch, dim(3)}}) ==
        Tensor::of<float>({3}, {9, 18, 27}));
}

TEST_CASE("class folders, with images of any size") {
  Folder folder;
  for (const char* name : {"cat/1.png", "cat/2.jpg", "dog/1.jpg", "emu/3.png", "emu/notes.txt"})
    put(folder.path() / "val" / name, std::string(name).ends_with("png") ? png() : jpeg());
  put(folder.path() / "train/dog/1.png", png());
  put(folder.path() / "train/yak/1.png", png());
  const Dataset data = open(folder.path(), {image_input(16)});
  CHECK(data.class_names() == std::vector<std::string>{"cat", "dog", "emu", "yak"});
  CHECK(data.evaluation().size() == 4);
  CHECK(data.evaluation().get(3).labels[0] == Tensor::scalar<std::int64_t>(2));
  CHECK(data.calibration().get(1).labels[0] == Tensor::scalar<std::int64_t>(3));
  CHECK(data.evaluation().get(0).inputs[0].shape() == Shape{3, 16, 16});
  CHECK(guessed(data, "shorter side of 18"));
  CHECK(guessed(data, "1 files"));
}

TEST_CASE("a list of names and labels") {
  Folder folder;
  put(folder.path() / "pictures/a.png", png());
  put(folder.path() / "pictures/b.jpg", jpeg());
  put(folder.path() / "labels.tsv", "b.jpg\t7\na.png\t3\n");
  put(folder.path() / "dataset.yaml", "version: 1\nsource: {kind: images, path: pictures, labels: labels.tsv}\n");
  const Dataset data = open(folder.path(), {image_input(8)}, {.allow_overlap = true});
  CHECK(data.evaluation().get(0).id == "b.jpg");
  CHECK(data.evaluation().get(0).labels[0] == Tensor::scalar<std::int64_t>(7));
  put(folder.path() / "labels.tsv", "../labels.tsv\t7\n");
  refuses(InputClass::Path, "leaves its folder",
          [&] { open(folder.path(), {image_input(8)}, {.allow_overlap = true}); });
  put(folder.path() / "labels.tsv", "missing.png\t7\n");
  refuses(InputClass::Path, "missing.png", [&] { open(folder.path(), {image_input(8)}, {.allow_overlap = true}); });
}

TEST_CASE("WebDataset archives") {
  Folder folder;
  put(folder.path() / "test.tar",
      tar({tar_entry("000.jpg", jpeg()), tar_entry("000.cls", "2\n"), tar_entry("001.cls", "0"),
           tar_entry("001.png", png()), tar_entry("001.json", "{}")}));
  const Dataset data = open(folder.path() / "test.tar", {image_input(8)}, {.allow_overlap = true});
  CHECK(data.evaluation().get(0).labels[0] == Tensor::scalar<std::int64_t>(2));
  CHECK(data.evaluation().get(1).id == "test.tar:001");
  CHECK(guessed(data, "001.json"));
  put(folder.path() / "test.tar",
      tar({tar_entry("000.jpg", jpeg()), tar_entry("000.cls", "2\n"), tar_entry("001.png", png())}));
  refuses(InputClass::Data, "\"001\" does not have the same files",
          [&] { open(folder.path() / "test.tar", {image_input(8)}); });
  put(folder.path() / "test.tar", tar({tar_entry("000.jpg", jpeg()), tar_entry("000.cls", "two")}));
  refuses(InputClass::Format, "one whole number",
          [&] { open(folder.path() / "test.tar", {image_input(8)}, {.allow_overlap = true}); });
}

TEST_CASE("idx files, and what is wrong with bad ones") {
  Folder folder;
  const auto header = [](char type, std::initializer_list<int> dims) {
    std::string text("\0\0", 2);
    text += type;
    text += static_cast<char>(dims.size());
    for (int size : dims) text += std::string("\0\0\0", 3) + static_cast<char>(size);
    return text;
  };
  const std::string pixels(2 * 4, '\x33');
  put(folder.path() / "t10k-images-idx3-ubyte", header(8, {2, 2, 2}) + pixels);
  put(folder.path() / "t10k-labels-idx1-ubyte", header(8, {2}) + "\x05\x01");
  const Dataset data = open(folder.path(), {image_input(2, 1)}, {.allow_overlap = true});
  CHECK(data.evaluation().get(0).inputs[0] == Tensor::of<float>({1, 2, 2}, {0.2f, 0.2f, 0.2f, 0.2f}));
  CHECK(data.evaluation().get(0).labels[0] == Tensor::scalar<std::int64_t>(5));
  CHECK(open(folder.path(), {{"input", DType::Float32, {kBatch, dim(4)}}}, {.allow_overlap = true})
            .evaluation()
            .get(1)
            .inputs[0]
            .shape() == Shape{4});
  const auto refused = [&](InputClass input_class, const std::string& fragment, const std::string& images,
                           const std::string& labels) {
    put(folder.path() / "t10k-images-idx3-ubyte", images);
    put(folder.path() / "t10k-labels-idx1-ubyte", labels);
    refuses(input_class, fragment, [&] { open(folder.path(), {image_input(2, 1)}, {.allow_overlap = true}); });
  };
  const std::string good = header(8, {2, 2, 2}) + pixels;
  refused(InputClass::Data, "labels [3] for 2 samples", good, header(8, {3}) + "\x05\x01\x01");
  refused(InputClass::Format, "promises 8 bytes and holds 7", good.substr(0, good.size() - 1),
          header(8, {2}) + "\x05\x01");
  refused(InputClass::Unsupported, "element type 13", header(13, {2, 2, 2}) + pixels, header(8, {2}) + "\x05\x01");
  refused(InputClass::Format, "is not an idx file", "text, not idx", header(8, {2}) + "\x05\x01");
  refused(InputClass::Data, "no samples", header(8, {0, 2, 2}), header(8, {0}));
  refused(InputClass::Format, "ends early", std::string(1, '\0'), header(8, {2}) + "\x05\x01");
}

TEST_CASE("gzipped idx files, and compression bombs") {
  Folder folder;
  const auto gzip = [](const std::string& content) {
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, content.size()) + 100, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream.avail_in = static_cast<uInt>(content.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
  };
  const fs::path path = folder.path() / "t10k-images-idx3-ubyte.gz";
  const std::string packed = gzip(std::string("\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x01", 16) + "ab");
  put(path, packed);
  CHECK(open(path, {image_input(1, 1)}, {.allow_overlap = true}).evaluation().size() == 2);
  put(path, packed.substr(0, packed.size() - 6));
  refuses(InputClass::Format, "damaged compressed data", [&] { open(path, {image_input(1, 1)}); });
  put(path, gzip(std::string(100 << 20, '\0')));
  refuses(InputClass::Limit, "would become", [&] { open(path, {image_input(1, 1)}); });
}

TEST_CASE("texts through a vocabulary: each sample at its own length") {
  Folder folder;
  put(folder.path() / "vocab.txt", "<pad>\n<unk>\nthe\ncat\nsat\n");
  put(folder.path() / "test.tsv", "the cat sat\t1\nthe dog\t0\ncat\t1\n");
  const Dataset data = open(folder.path(), {ids_input(), {"lengths", DType::Int32, {kBatch}}}, {.allow_overlap = true});
  CHECK(data.task() == TaskKind::Classification);
  const Sample first = data.evaluation().get(0), second = data.evaluation().get(1);
  CHECK(first.inputs[0] == Tensor::of<std::int64_t>({3}, {2, 3, 4}));
  CHECK(second.inputs[0] == Tensor::of<std::int64_t>({2}, {2, 1}));
  CHECK(second.inputs[1] == Tensor::scalar<std::int32_t>(2));
  CHECK(first.labels[0] == Tensor::scalar<std::int64_t>(1));
  const Sample samples[] = {first, second};
  const Batch batch = collate(samples, data.pads(), Padding::Longest);
  CHECK(batch.inputs[0] == Tensor::of<std::int64_t>({2, 3}, {2, 3, 4, 2, 1, 0}));
  CHECK(batch.mask == Tensor::of<bool>({2, 3}, {true, true, true, true, true, false}));
  CHECK_THROWS_AS(collate(samples, data.pads()), Error);
  const double pads[] = {7, 0};
  CHECK(collate(samples, pads, Padding::Longest).inputs[0] == Tensor::of<std::int64_t>({2, 3}, {2, 3, 4, 2, 1, 7}));
  // A model with a fixed length gets padding, and a mask that says so.
  const Sample fixed =
      open(folder.path(), {{"input_ids", DType::Int64, {kBatch, dim(4)}}}, {.allow_overlap = true}).evaluation().get(1);
  CHECK(fixed.inputs[0] == Tensor::of<std::int64_t>({4}, {2, 1, 0, 0}));
  CHECK(fixed.mask == Tensor::of<bool>({4}, {true, true, false, false}));
}

TEST_CASE("padding of arrays is cut off by a mask or by lengths") {
  Folder folder;
  const Tensor ids = Tensor::of<std::int64_t>({2, 3}, {5, 6, 7, 8, 0, 0}),
               mask = Tensor::of<std::int64_t>({2, 3}, {1, 1, 1, 1, 0, 0});
  put(folder.path() / "test.npz", npz({{"input_ids", ids}, {"attention_mask", mask}, {"y", numbers(2, 2)}}));
  const Dataset masked =
      open(folder.path() / "test.npz", {ids_input(), ids_input("attention_mask")}, {.allow_overlap = true});
  CHECK(masked.evaluation().get(1).inputs[0] == Tensor::of<std::int64_t>({1}, {8}));
  CHECK(masked.evaluation().get(1).inputs[1] == Tensor::of<std::int64_t>({1}, {1}));
  put(folder.path() / "test.npz",
      npz({{"input_ids", ids}, {"lengths", Tensor::of<std::int32_t>({2}, {3, 1})}, {"y", numbers(2, 2)}}));
  const Dataset counted =
      open(folder.path() / "test.npz", {ids_input(), {"lengths", DType::Int32, {kBatch}}}, {.allow_overlap = true});
  CHECK(counted.evaluation().get(1).inputs[0].size() == 1);
  CHECK(counted.evaluation().get(0).inputs[0].size() == 3);
  // Padding in front, of a model with a fixed length: the mask says where.
  const Tensor behind = Tensor::of<std::int64_t>({2, 3}, {1, 1, 1, 0, 1, 1});
  put(folder.path() / "test.npz", npz({{"input_ids", ids}, {"attention_mask", behind}, {"y", numbers(2, 2)}}));
  put(folder.path() / "dataset.yaml", "version: 1\nsource: {path: test.npz}\ntrim: attention_mask\n");
  const Dataset fixed = open(folder.path(), {{"input_ids", DType::Int64, {kBatch, dim(3)}}}, {.allow_overlap = true});
  CHECK(fixed.evaluation().get(1).mask == Tensor::of<bool>({3}, {false, true, true}));
}

TEST_CASE("running text for language models") {
  Folder folder;
  put(folder.path() / "vocab.txt", "<eos>\na\nb\n");
  put(folder.path() / "test.txt", "a b\nb a a\na\n");
  put(folder.path() / "dataset.yaml", "version: 1\nsource: {kind: corpus, path: test.txt, window: 4}\n");
  const Dataset data = open(folder.path(), {ids_input()}, {.allow_overlap = true});
  CHECK(data.task() == TaskKind::LanguageModelling);
  REQUIRE(data.evaluation().size() == 2);
  CHECK(data.evaluation().get(1).inputs[0] == Tensor::of<std::int64_t>({4}, {1, 1, 0, 1}));
  CHECK(data.evaluation().get(1).labels[0] == Tensor::of<std::int64_t>({4}, {1, 0, 1, 0}));
  CHECK(data.metrics() == std::vector<std::string>{"perplexity"});
}

TEST_CASE("embedding similarity has two texts a sample") {
  Folder folder;
  put(folder.path() / "vocab.txt", "<unk>\nsun\nmoon\n");
  put(folder.path() / "test.csv", "sentence1,sentence2,score\nsun,moon sun,0.5\nmoon moon,sun,4\n");
  const Dataset data = open(folder.path() / "test.csv", {ids_input()}, {.allow_overlap = true});
  CHECK(data.task() == TaskKind::EmbeddingSimilarity);
  const Sample sample = data.evaluation().get(0);
  CHECK(sample.inputs[0] == Tensor::of<std::int64_t>({1}, {1}));
  CHECK(sample.partner.at(0) == Tensor::of<std::int64_t>({2}, {2, 1}));
  CHECK(sample.labels[0] == Tensor::scalar(0.5f));
}

TEST_CASE("one file serves both purposes without overlap") {
  Folder folder;
  put(folder.path() / "all.npz", npz({{"x", bytes({50, 2, 2, 3})}, {"y", numbers(50, 5)}}));
  const Dataset data = open(folder.path(), {image_input(2)});
  CHECK(data.calibration().size() == 10);
  CHECK(data.evaluation().size() == 40);
  CHECK(guessed(data, "10 of its 50 samples, drawn with seed 0, calibrate"));
  std::set<std::string> seen;
  for (const Split& split : {data.calibration(), data.evaluation()})
    for (std::size_t i = 0; i < split.size(); ++i) {
      CHECK(seen.insert(split.get(i).id).second);
      CHECK(split.classes()[i] == split.get(i).labels[0].data<std::int64_t>()[0]);
    }
  CHECK(open(folder.path(), {image_input(2)}).calibration().get(3).id == data.calibration().get(3).id);
  CHECK(open(folder.path(), {image_input(2)}, {.seed = 1}).description()["sha256"] != data.description()["sha256"]);
  CHECK(open(folder.path(), {image_input(2)}).description() == data.description());
}

TEST_CASE("samples are chosen by seed, balanced where asked") {
  Folder folder;
  const Tensor classes = Tensor::fill<std::int64_t>({20}, [](auto out) {
    for (std::size_t i = 0; i < 20; ++i) out[i] = i < 17 ? 0 : 1;
  });
  put(folder.path() / "test.npz", npz({{"x", bytes({20, 2, 2, 3})}, {"y", classes}}));
  const Split split = open(folder.path(), {image_input(2)}, {.allow_overlap = true}).evaluation();
  const auto eight = choose(split, 8, 7), five = choose(split, 5, 7);
  CHECK(std::vector(eight.begin(), eight.begin() + 5) == five);
  CHECK(choose(split, 8, 8) != eight);
  CHECK(std::set(eight.begin(), eight.end()).size() == 8);
  CHECK(choose(split, 100, 0).size() == 20);
  const auto count_rare = [&](const std::vector<std::size_t>& chosen) {
    std::size_t rare = 0;
    for (std::size_t index : chosen) rare += split.classes()[index] == 1;
    return rare;
  };
  CHECK(count_rare(choose(split, 4, 0, true)) == 2);
  CHECK(count_rare(choose(split, 10, 0, true)) == 3);
  CHECK(choose(split, 10, 0, true).size() == 10);
}

TEST_CASE("a stream hands out samples in order, whatever the threads and the window") {
  Folder folder;
  const Dataset data = open(npz_folder(folder), {image_input(4)});
  const Split split = data.evaluation();
  for (int threads : {1, 4})
    for (std::size_t window : {1u, 3u, 100u}) {
      const auto order = choose(split, 10, 5);
      Stream stream(split, order, threads, window);
      for (std::size_t index : order) {
        const auto sample = stream.next();
        REQUIRE(sample);
        CHECK(sample->index == index);
        CHECK(sample->inputs[0] == split.get(index).inputs[0]);
      }
      CHECK(!stream.next());
    }
  Stream abandoned(split, choose(split, 10, 0), 2, 2);
  abandoned.next();
}

TEST_CASE("the error of a bad sample comes when its turn comes") {
  Folder folder;
  put(folder.path() / "a/1.png", png());
  put(folder.path() / "a/2.png", png().substr(0, 500));
  const Split split = open(folder.path(), {image_input(8)}, {.allow_overlap = true}).evaluation();
  Stream stream(split, {0, 1, 0});
  CHECK(stream.next());
  refuses(InputClass::Format, "a/2.png", [&] { stream.next(); });
  CHECK(stream.next());
}

TEST_CASE("data that cannot be used is refused") {
  Folder folder;
  const fs::path path = folder.path() / "test.npz";
  const auto refused = [&](InputClass input_class, const std::string& fragment,
                           const std::vector<std::pair<std::string, Tensor>>& arrays,
                           OpenOptions options = {.allow_overlap = true}) {
    put(path, npz(arrays));
    refuses(input_class, fragment, [&] { open(path, {image_input(2)}, options).evaluation().get(0); });
  };
  refused(InputClass::Data, "has 3 rows, \"x\" has 4", {{"x", bytes({4, 2, 2, 3})}, {"y", numbers(3, 2)}});
  refused(InputClass::Data, "holds no samples", {{"x", bytes({0, 2, 2, 3})}, {"y", numbers(0, 2)}});
  refused(InputClass::Data, "the label is 2, outside the 2 classes", {{"x", bytes({4, 2, 2, 3})}, {"y", numbers(4, 3)}},
          {.allow_overlap = true, .outputs = {{"y", DType::Float32, {{kBatch, dim(2)}}}}});
  refused(InputClass::Data, "one sample cannot both", {{"x", bytes({1, 2, 2, 3})}, {"y", numbers(1, 2)}}, {});
  refused(InputClass::Semantic, "nothing in the data fits", {{"y", numbers(4, 2)}});
  refused(InputClass::Semantic, "more than one column", {{"a", bytes({4, 2, 2, 3})}, {"b", bytes({4, 2, 2, 3})}});
  Tensor bad = Tensor::of<float>({2, 3, 2, 2},
                                 {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, std::nanf(""), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  refused(InputClass::Data, "test.npz[0]: input \"input\": is not finite at element 10",
          {{"x", bad}, {"y", numbers(2, 2)}});
  refused(InputClass::Data, "the label is not finite",
          {{"x", bytes({1, 2, 2, 3})}, {"y", Tensor::of<float>({1}, {std::nanf("")})}});
  refused(InputClass::Data, "the label is not finite",
          {{"x", bytes({1, 2, 2, 3})}, {"y", Tensor::of<float>({1}, {INFINITY})}});
  refuses(InputClass::Path, "does not exist", [&] { open(folder.path() / "nothing", {image_input(2)}); });
  Folder empty;
  refuses(InputClass::Data, "nothing here that can be read", [&] { open(empty.path(), {image_input(2)}); });
}

TEST_CASE("descriptions that do not fit the model or the data are refused") {
  Folder folder;
  npz_folder(folder);
  const auto refused = [&](InputClass input_class, const std::string& fragment, const std::string& rest) {
    put(folder.path() / "dataset.yaml", "version: 1\n" + rest);
    refuses(input_class, fragment,
            [&] { open(folder.path(), {image_input(4), ids_input("other")}).evaluation().get(0); });
  };
  refused(InputClass::Semantic, "has an input \"picture\"", "inputs: {picture: {from: x}}\n");
  refused(InputClass::Semantic, "there is no \"z\" in the data", "inputs: {input: {from: z}}\n");
  refused(InputClass::Unsupported, "unknown source kind \"zip\"",
          "source: {kind: zip, path: test.npz}\nsplits: {evaluation: test.npz}\n");
  refused(InputClass::Path, "leaves its folder", "splits: {evaluation: ../test.npz}\n");
  put(folder.path() / "dataset.yaml", "version: 1\nroot: ${BW_NOT_SET_ANYWHERE}/x\n");
  CHECK_THROWS_AS(open(folder.path(), {image_input(4)}), Error);
  CHECK(open(folder.path(), {image_input(4)}, {.data_root = folder.path()}).evaluation().size() == 10);
}

TEST_CASE("pictures of floats come in the layout that the model wants") {
  Folder folder;
  std::vector<float> values(2 * 4 * 5 * 3);
  std::iota(values.begin(), values.end(), 0.0F);
  const auto pixel = [](std::int64_t h, std::int64_t w, std::int64_t c) {
    return static_cast<float>((h * 5 + w) * 3 + c);
  };
  put(folder.path() / "test.npz",
      zip({{.name = "x.npy", .content = npy(Tensor::of<float>({2, 4, 5, 3}, std::span<const float>(values)))}}));
  put(folder.path() / "dataset.yaml",
      "version: 1\ntask: outputs\ninputs: {image: {from: x, layout: NCHW, mean: [0, 100, 200]}}\n");
  const Tensor first =
      open(folder.path(), {{"image", DType::Float32, {kBatch, dim(3), dim(4), dim(5)}}}, {.allow_overlap = true})
          .split("test")
          .get(0)
          .inputs.at(0);
  REQUIRE(first.shape() == Shape{3, 4, 5});
  for (std::int64_t c = 0; c < 3; ++c)
    for (std::int64_t h = 0; h < 4; ++h)
      for (std::int64_t w = 0; w < 5; ++w)
        CHECK(first.data<float>()[static_cast<std::size_t>((c * 4 + h) * 5 + w)] ==
              pixel(h, w, c) - 100 * static_cast<float>(c));
  put(folder.path() / "dataset.yaml", "version: 1\ntask: outputs\ninputs: {image: {from: x, layout: NHWC}}\n");
  const Tensor last =
      open(folder.path(), {{"image", DType::Float32, {kBatch, dim(5), dim(3), dim(4)}}}, {.allow_overlap = true})
          .split("test")
          .get(0)
          .inputs.at(0);
  CHECK(last.shape() == Shape{5, 3, 4});  // [4, 5, 3] taken for [C, H, W]
  CHECK(last.data<float>()[1] == pixel(1, 0, 0));
  CHECK_THROWS_AS(
      open(folder.path(), {{"image", DType::Float32, {kBatch, dim(7), dim(3), dim(4)}}}, {.allow_overlap = true})
          .split("test")
          .get(0),
      Error);
}

TEST_CASE("without a model samples are made for the inputs that the description names") {
  Folder folder;
  npz_folder(folder);
  put(folder.path() / "dataset.yaml",
      "version: 1\ninputs: {pixels: {from: x, layout: NHWC}, answer: {from: y}, half: {from: y, scale: 1/2}}\ntask: "
      "outputs\n");
  const Dataset data = open_dataset(folder.path(), std::nullopt);
  REQUIRE(data.inputs().size() == 3);
  CHECK(data.inputs()[0].name == "pixels");
  const Sample sample = data.evaluation().get(1);
  CHECK(sample.inputs.at(0).dtype() == DType::Float32);
  CHECK(sample.inputs.at(0).shape() == Shape{4, 4, 3});
  CHECK(sample.inputs.at(1) == Tensor::scalar<std::int64_t>(1));
  CHECK(sample.inputs.at(2) == Tensor::scalar<float>(0.5F));

  fs::remove(folder.path() / "dataset.yaml");
  CHECK_THROWS_AS(open_dataset(folder.path(), std::nullopt), Error);
  const Dataset nothing_to_feed = open(folder.path(), {});  // a model without inputs
  CHECK(nothing_to_feed.task() == TaskKind::Classification);
  CHECK(nothing_to_feed.evaluation().get(0).inputs.empty());
}

TEST_CASE("the data check tells what a person wants to know") {
  Folder folder;
  const Dataset data = open(npz_folder(folder), {image_input(4)});
  const DataCheck check = check_dataset(data, 2, 100);
  CHECK(check.seen == 20);
  REQUIRE(check.samples.size() == 2);
  CHECK(check.labels.at("0") == 4);
  CHECK(check.inputs[0].channel_mean.size() == 3);
  CHECK(check.repeated == 0);
  const std::string text = to_text(check);
  CHECK_THAT(text, Catch::Matchers::ContainsSubstring("guessed:"));
  CHECK(to_json(check)["inputs"][0]["largest"] == Json{3, 4, 4});
  put(folder.path() / "calib.npz", read_file(folder.path() / "test.npz"));
  CHECK(check_dataset(open(folder.path(), {image_input(4)})).repeated == 10);
}

TEST_CASE("the data check counts by channel") {
  Folder folder;
  const Tensor channels = Tensor::fill<float>({2, 3, 2, 2}, [](auto out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(i / 4 % 3);
  });
  put(folder.path() / "test.npz", npz({{"x", channels}, {"y", numbers(2, 2)}}));
  const DataCheck check = check_dataset(open(folder.path(), {image_input(2)}, {.allow_overlap = true}), 1, 100);
  CHECK(check.inputs[0].mean == 1);
  CHECK(std::fabs(check.inputs[0].std - std::sqrt(2.0 / 3)) < 1e-12);
  CHECK(check.inputs[0].channel_mean == std::vector<double>{0, 1, 2});
  CHECK(check.inputs[0].channel_std == std::vector<double>{0, 0, 0});
}

TEST_CASE("the data check shows a picture the right way up") {
  Folder folder;
  const Tensor left_dark = Tensor::fill<std::uint8_t>({2, 4, 4, 1}, [](auto out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = i % 4 < 2 ? 0 : 255;
  });
  put(folder.path() / "test.npz", npz({{"x", left_dark}, {"y", numbers(2, 2)}}));
  const DataCheck check = check_dataset(open(folder.path(), {image_input(4, 1)}, {.allow_overlap = true}), 1, 100);
  REQUIRE(check.samples.size() == 1);
  CHECK(check.samples[0].picture == "  @@\n  @@\n");
}

TEST_CASE("the data check takes samples without elements") {
  Folder folder;
  const auto none = [](Shape shape) { return Tensor::fill<float>(std::move(shape), [](std::span<float>) {}); };
  put(folder.path() / "test.npz", npz({{"x", none({4, 3, 0, 5})}, {"z", none({4, 0, 3})}, {"y", numbers(4, 2)}}));
  const Dim any{-1, "D"};
  const DataCheck check = check_dataset(
      open(folder.path(),
           {{"x", DType::Float32, {kBatch, dim(3), any, dim(5)}}, {"z", DType::Float32, {kBatch, any, dim(3)}}},
           {.allow_overlap = true}));
  CHECK(check.seen > 0);
  CHECK(to_json(check)["inputs"][0]["smallest"] == Json{3, 0, 5});
}

TEST_CASE("gray images stored without a channel axis are images") {
  Folder folder;
  put(folder.path() / "test.npz", npz({{"x", bytes({4, 3, 3})}, {"y", numbers(4, 2)}}));
  const Dataset data = open(folder.path(), {image_input(3, 1)}, {.allow_overlap = true});
  CHECK(data.evaluation().get(1).inputs[0].shape() == Shape{1, 3, 3});
}

TEST_CASE("a second text that nothing uses is said") {
  Folder folder;
  put(folder.path() / "vocab.txt", "<unk>\nsun\nmoon\n");
  put(folder.path() / "test.csv", "sentence1,sentence2,label\nsun moon,moon sun,1\nmoon moon,sun sun,0\n");
  const Dataset data = open(folder.path() / "test.csv", {ids_input()}, {.allow_overlap = true});
  CHECK(data.task() == TaskKind::Classification);
  CHECK(guessed(data, "takes the text \"sentence1\"; the other texts are not used"));
}

TEST_CASE("classes that are no whole numbers, and lengths beyond the data, are refused") {
  Folder folder;
  put(folder.path() / "test.npz", npz({{"x", bytes({2, 2, 2, 3})}, {"y", Tensor::of<float>({2}, {0, 0.5f})}}));
  put(folder.path() / "dataset.yaml", "version: 1\ntask: classification\n");
  refuses(InputClass::Data, "the label: has values that int64", [&] { open(folder.path(), {image_input(2)}); });
  put(folder.path() / "dataset.yaml", "version: 1\ntrim: lengths\n");
  put(folder.path() / "test.npz", npz({{"input_ids", numbers(6, 6).reshaped({2, 3})}, {"lengths", numbers(2, 2)}}));
  const auto read = [&](std::size_t index) {
    return open(folder.path(), {ids_input(), {"lengths", DType::Int32, {kBatch}}}, {.allow_overlap = true})
        .evaluation()
        .get(index);
  };
  refuses(InputClass::Data, "test.npz[0]: column \"lengths\": says a length of 0", [&] { read(1); });
  put(folder.path() / "test.npz",
      npz({{"input_ids", numbers(6, 6).reshaped({2, 3})}, {"lengths", Tensor::of<std::int64_t>({2}, {3, 4})}}));
  CHECK(read(0).inputs[0].size() == 3);
  refuses(InputClass::Data, "is [3], shorter than the length of 4", [&] { read(1); });
}
