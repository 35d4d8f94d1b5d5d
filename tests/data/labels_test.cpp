#include "data/labels.h"

#include "archive/make.h"
#include "data/dataset.h"

using namespace bw;
using namespace bw::test;

namespace {

// Opens an npz of x [rows, 2] with labels, for a model that tells four classes apart.
struct Opened {
  Folder folder;
  std::vector<InputSignature> inputs{{"x", DType::Float32, {{-1, "N"}, {2, ""}}}};

  Dataset with(const Tensor& labels, const std::string& description = "", std::int64_t classes = 4) const {
    const std::int64_t rows = labels.shape()[0];
    put(folder.path() / "d.npz", npz({{"x", Tensor::fill<float>({rows, 2}, [](auto) {})}, {"y", labels}}));
    put(folder.path() / "dataset.yaml", "version: 1\n" + description);
    return open_dataset(folder.path(), inputs,
                        {.allow_overlap = true, .outputs = {{"o", DType::Float32, {{{-1, "N"}, {classes, ""}}}}}});
  }
};

bool guessed(const Dataset& data, const std::string& part) {
  for (const std::string& guess : data.guesses())
    if (guess.find(part) != std::string::npos) return true;
  return false;
}

std::int64_t label(const Dataset& data, std::size_t index) {
  return data.evaluation().get(index).labels[0].data<std::int64_t>()[0];
}

Tensor whole(std::initializer_list<std::int64_t> values) {
  return Tensor::of<std::int64_t>({std::ssize(values)}, std::vector<std::int64_t>(values));
}

}  // namespace

TEST_CASE("whole numbers written as floats are classes where the model has as many") {
  const Opened opened;
  const Tensor floats = Tensor::of<float>({3}, {0, 3, 2});
  const Dataset data = opened.with(floats);
  CHECK(data.task() == TaskKind::Classification);
  CHECK(guessed(data, "whole numbers written as floats"));
  CHECK(label(data, 1) == 3);
  CHECK(opened.with(floats, "task: regression\n").task() == TaskKind::Regression);
  CHECK(opened.with(floats, "", 1).task() == TaskKind::Regression);
  CHECK(opened.with(Tensor::of<float>({3}, {0, 9, 2})).task() == TaskKind::Regression);
  CHECK(opened.with(Tensor::of<float>({3}, {0, 5, 2})).task() == TaskKind::Regression);
  CHECK(opened.with(Tensor::of<float>({3}, {0, 1.5f, 2})).task() == TaskKind::Regression);
  CHECK(opened.with(Tensor::of<float>({3}, {0, -1, 2})).task() == TaskKind::Regression);
}

TEST_CASE("one-hot labels are the place of the 1") {
  const Opened opened;
  const Tensor rows = Tensor::of<float>({2, 4}, {0, 0, 1, 0, 1, 0, 0, 0});
  const Dataset data = opened.with(rows);
  CHECK(data.task() == TaskKind::Classification);
  CHECK(guessed(data, "labels are one-hot"));
  CHECK(data.evaluation().get(0).labels[0] == Tensor::scalar<std::int64_t>(2));
  CHECK(data.evaluation().classes().size() == 2);
  CHECK(label(opened.with(Tensor::of<std::uint8_t>({2, 4}, {0, 0, 0, 1, 1, 0, 0, 0})), 0) == 3);
  CHECK(opened.with(Tensor::of<float>({2, 4}, {0, 0.5f, 0.5f, 0, 1, 0, 0, 0})).task() == TaskKind::Regression);
  CHECK(opened.with(Tensor::of<float>({2, 4}, {0, 1, 1, 0, 1, 0, 0, 0})).task() == TaskKind::Regression);
  CHECK(opened.with(rows, "", 9).task() == TaskKind::Regression);  // another number of classes
  CHECK(opened.with(rows, "label: {one_hot: false}\n").task() == TaskKind::Regression);
  CHECK(opened.with(Tensor::of<float>({2, 4}, {0, 2, 1, 0, 1, 0, 0, 0})).task() == TaskKind::Regression);
  refuses(InputClass::Data, "is not one-hot", [&] {
    opened.with(Tensor::of<float>({2, 4}, {0, 1, 1, 0, 1, 0, 0, 0}), "task: classification\nlabel: {one_hot: true}\n");
  });
}

TEST_CASE("labels that count from 1 are seen, or said") {
  const Opened opened;
  const Dataset data = opened.with(whole({1, 4, 2}));
  CHECK(guessed(data, "labels run from 1 to 4 for 4 classes"));
  CHECK(label(data, 1) == 3);
  CHECK(label(opened.with(whole({5, 8}), "label: {first: 5}\n"), 1) == 3);
  refuses(InputClass::Data, "where they count from another number than 0, say it in dataset.yaml: label: {first: 1}",
          [&] { opened.with(whole({0, 4})); });
  CHECK(!guessed(opened.with(whole({1, 3, 2})), "no label is 0"));  // too few to tell
  const Tensor many = Tensor::fill<std::int64_t>({40}, [](auto out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = 1 + static_cast<std::int64_t>(i % 3);
  });
  CHECK(guessed(opened.with(many), "no label is 0: if labels count from 1"));
}

TEST_CASE("a label column that is not there is refused") {
  const Opened opened;
  refuses(InputClass::Semantic, "label: there is no \"z\" in the data. There are: x float32[2], y int64[]",
          [&] { opened.with(whole({0, 1}), "label: {from: z}\n"); });
}

TEST_CASE("fewer names of classes than the model tells apart are said") {
  Folder folder;
  put(folder.path() / "cat/1.png", read_file(kGolden / "rgb.png"));
  put(folder.path() / "dog/1.png", read_file(kGolden / "rgb.png"));
  fs::create_directory(folder.path() / "bee");
  const std::vector<InputSignature> inputs{{"x", DType::Float32, {{-1, "N"}, {3, ""}, {8, ""}, {8, ""}}}};
  const auto open = [&](std::int64_t classes) {
    return open_dataset(folder.path(), inputs,
                        {.allow_overlap = true, .outputs = {{"o", DType::Float32, {{{-1, "N"}, {classes, ""}}}}}});
  };
  CHECK(
      guessed(open(10), "the data names 2 classes, the model tells 10 apart: the names are taken for its first ones"));
  CHECK(guessed(open(10),
                "the folder bee in " + folder.path().string() + " holds no JPEG or PNG images and is no class"));
  CHECK(!guessed(open(2), "the data names"));
  CHECK(open(2).class_names() == std::vector<std::string>{"cat", "dog"});
  const Dataset three = open(3);  // as many as there are folders
  CHECK(three.class_names() == std::vector<std::string>{"bee", "cat", "dog"});
  CHECK(label(three, 0) == 1);
}
