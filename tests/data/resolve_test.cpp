// Axes that rows of data settle, constants, and how much of one file calibrates.
#include "data/resolve.h"

#include "archive/make.h"
#include "data/dataset.h"

using namespace bw;
using namespace bw::test;

namespace {

Dim dim(std::int64_t value) {
  return {value, ""};
}
const Dim kFree{-1, "s0"};

// Opens rows of zeros of a shape for an input of some dimensions.
struct Opened {
  Folder folder;

  Dataset with(Shape row, const InputSignature& input, const std::string& description = "") const {
    row.insert(row.begin(), 6);
    put(folder.path() / "d.npz", npz({{"x", Tensor::fill<float>(row, [](auto) {})}}));
    put(folder.path() / "dataset.yaml", "version: 1\n" + description);
    return open_dataset(folder.path(), std::vector{input}, {.allow_overlap = true});
  }
  int axis(const Shape& row, const std::vector<Dim>& dims, const std::string& description = "") const {
    return with(row, {"x", DType::Float32, dims}, description).inputs()[0].batch_axis;
  }
};

bool guessed(const Dataset& data, const std::string& part) {
  for (const std::string& guess : data.guesses())
    if (guess.find(part) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("where the first axis leaves no row, the one that does counts the samples") {
  const Opened opened;
  CHECK(opened.axis({7, 16}, {dim(7), dim(1), dim(16)}) == 1);
  CHECK(opened.axis({7, 16}, {dim(7), dim(16), dim(1)}) == 2);
  CHECK(opened.axis({32}, {dim(32)}) == kNoBatch);
  CHECK(opened.axis({7, 16}, {dim(7), dim(16)}) == kNoBatch);
  CHECK(opened.axis({7, 16}, {kFree, dim(7), dim(16)}) == 0);
  CHECK(opened.axis({16}, {dim(8), dim(16)}) == 0);  // a batch of eight
  CHECK(opened.axis({12}, {dim(8), kFree}) == 0);    // of any length
  CHECK(guessed(opened.with({7, 16}, {"x", DType::Float32, {dim(7), dim(1), dim(16)}}),
                "input \"x\" counts the samples along its axis 1"));
  CHECK(guessed(opened.with({32}, {"x", DType::Float32, {dim(32)}}),
                "input \"x\" has no axis that counts the samples: it is fed as it is"));
}

TEST_CASE("rows that fit no axis, or two, are refused") {
  const Opened opened;
  const auto refused = [&](const std::string& fragment, const Shape& row, const std::vector<Dim>& dims) {
    refuses(InputClass::Semantic, fragment, [&] { opened.with(row, {"x", DType::Float32, dims}).evaluation().get(0); });
  };
  refused("nothing tells whether axis 0 of float32[7,s0,16] counts the samples, or axis 1", {7, 16},
          {dim(7), kFree, dim(16)});
  refused("Say it in dataset.yaml: inputs: {x: {batch_axis: 1}}", {7, 16}, {dim(7), kFree, dim(16)});
  refused("is [5, 16] for a sample, the model wants [16]", {5, 16}, {kFree, dim(16)});
  refused("is [4, 16] for a sample, the model wants [7, 16]", {4, 16}, {dim(4), dim(7), dim(16)});  // 7 a run?
}

TEST_CASE("the description says which axis counts the samples") {
  const Opened opened;
  const std::vector<Dim> dims{dim(7), kFree, dim(16)};
  CHECK(opened.axis({7, 16}, dims, "inputs: {x: {batch_axis: 1}}\n") == 1);
  CHECK(opened.axis({7, 16}, dims, "inputs: {x: {batch_axis: 0}}\n") == 0);
  const Dataset whole =
      opened.with({5, 16}, {"x", DType::Float32, {kFree, dim(16)}}, "inputs: {x: {batch_axis: none}}\n");
  CHECK(whole.evaluation().get(0).inputs[0].shape() == Shape{5, 16});
  CHECK(whole.evaluation().get(0).batch_axes == std::vector<int>{kNoBatch});
  CHECK(!guessed(whole, "no axis"));
  refuses(InputClass::Semantic, "input \"x\": has no axis 3: it has 3 dimensions",
          [&] { opened.axis({7, 16}, dims, "inputs: {x: {batch_axis: 3}}\n"); });
}

TEST_CASE("zeros and constants need no column") {
  const Opened opened;
  const auto made = [&](const std::string& how, const InputSignature& input) {
    return opened.with({2}, input, "inputs: {c: {" + how + "}}\n").evaluation().get(1).inputs[0];
  };
  CHECK(made("from: zeros", {"c", DType::Float32, {dim(2), kFree, dim(2)}, 1}) ==
        Tensor::of<float>({2, 2}, {0, 0, 0, 0}));
  CHECK(made("from: constant, value: 16000", {"c", DType::Int64, {}, kNoBatch}) == Tensor::scalar<std::int64_t>(16000));
  CHECK(made("from: constant, value: 2, shape: [3]", {"c", DType::Float32, {kFree, kFree}}) ==
        Tensor::of<float>({3}, {2, 2, 2}));
  refuses(InputClass::Semantic, "the model leaves its shape open: [-1]. Say the shape of one sample in dataset.yaml",
          [&] { made("from: zeros", {"c", DType::Float32, {kFree, kFree}}); });
  refuses(InputClass::Data, "has values that int64",
          [&] { made("from: constant, value: 0.5", {"c", DType::Int64, {}, kNoBatch}); });
  refuses(InputClass::Semantic, "A state is not carried from one sample to the next: say from: zeros",
          [&] { made("from: state", {"c", DType::Float32, {kFree, dim(2)}}); });
  refuses(InputClass::Semantic, "or {from: zeros}, or {from: constant, value: 16000}. There are: x float32[2]",
          [&] { opened.with({2}, {"c", DType::Int64, {kFree}}); });
}

TEST_CASE("one picture a run where the model has no batch") {
  Folder folder;
  put(folder.path() / "1.png", read_file(kGolden / "rgb.png"));
  put(folder.path() / "2.png", read_file(kGolden / "rgb.png"));
  const std::vector<InputSignature> inputs{{"x", DType::Float32, {dim(3), dim(8), dim(8)}}};
  const Sample sample = open_dataset(folder.path(), inputs, {.allow_overlap = true}).evaluation().get(0);
  CHECK(sample.inputs[0].shape() == Shape{3, 8, 8});
  CHECK(sample.batch_axes == std::vector<int>{kNoBatch});
}

TEST_CASE("all samples calibrate where nothing is evaluated") {
  const Opened opened;
  opened.with({2}, {"x", DType::Float32, {kFree, dim(2)}});
  const std::vector<InputSignature> inputs{{"x", DType::Float32, {kFree, dim(2)}}};
  CHECK(open_dataset(opened.folder.path(), inputs).calibration().size() == 2);
  CHECK(open_dataset(opened.folder.path(), inputs, {.only_calibrate = true}).calibration().size() == 6);
  put(opened.folder.path() / "d.npz", npz({{"x", Tensor::of<float>({1, 2}, {1, 2})}}));
  CHECK(open_dataset(opened.folder.path(), inputs, {.only_calibrate = true}).calibration().size() == 1);
}
