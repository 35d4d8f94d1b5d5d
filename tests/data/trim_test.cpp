#include "data/trim.h"

#include "archive/make.h"
#include "data/dataset.h"

using namespace bw;
using namespace bw::test;

namespace {

const Dim kBatch{-1, "N"}, kLength{-1, "S"};

// Rows of ids with a mask, opened for a model that takes both.
struct Opened {
  Folder folder;

  Dataset with(std::initializer_list<std::int64_t> mask, const std::string& description = "") const {
    const auto rows = std::ssize(mask) / 3;
    const Tensor ids = Tensor::fill<std::int64_t>({rows, 3}, [](auto out) {
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::int64_t>(i);
    });
    put(folder.path() / "d.npz",
        npz({{"ids", ids}, {"mask", Tensor::of<std::int64_t>({rows, 3}, std::vector<std::int64_t>(mask))}}));
    put(folder.path() / "dataset.yaml", "version: 1\n" + description);
    const std::vector<InputSignature> inputs{{"ids", DType::Int64, {kBatch, kLength}},
                                             {"mask", DType::Int64, {kBatch, kLength}}};
    return open_dataset(folder.path(), inputs, {.allow_overlap = true});
  }
};

bool guessed(const Dataset& data, const std::string& part) {
  for (const std::string& guess : data.guesses())
    if (guess.find(part) != std::string::npos) return true;
  return false;
}

std::int64_t length(const Dataset& data, std::size_t index) {
  return data.evaluation().get(index).inputs[0].shape()[0];
}

}  // namespace

TEST_CASE("padding at the end of rows is cut off, unless rows shall be fed as they are") {
  const Opened opened;
  const Dataset data = opened.with({1, 1, 1, 1, 0, 0});
  CHECK(length(data, 1) == 1);
  CHECK(guessed(data, "padding is what the column \"mask\" leaves out; it is cut off (\"trim: none\""));
  CHECK(length(opened.with({1, 1, 1, 1, 0, 0}, "trim: none\n"), 1) == 3);
  CHECK(length(opened.with({0, 1, 1, 0, 0, 1}, "trim: mask\n"), 1) == 1);  // in front as well, where it is said
}

TEST_CASE("rows padded in front, or masked wholly, are fed as they are, and that is said") {
  const Opened opened;
  const Dataset front = opened.with({1, 1, 1, 0, 1, 1});
  CHECK(length(front, 1) == 3);
  CHECK(guessed(front, "rows are fed as they are, padding and all: d.npz[1] begins with padding"));
  CHECK(length(opened.with({1, 1, 0, 0, 0, 0}), 0) == 3);
  CHECK(guessed(opened.with({1, 0, 1, 1, 1, 1}), "d.npz[0] is no mask of ones with zeros behind them"));
  CHECK(guessed(opened.with({1, 2, 0, 1, 1, 1}), "d.npz[0] is no mask of ones"));
}

TEST_CASE("a named mask that leaves nothing of a row is refused when the data is opened") {
  const Opened opened;
  refuses(InputClass::Data,
          "d.npz[1]: column \"mask\": is no mask of 0 and 1 with a 1 in it. Remove the row, or say \"trim: none\"",
          [&] { opened.with({1, 1, 0, 0, 0, 0}, "trim: mask\n"); });
}
