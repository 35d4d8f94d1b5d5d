// The zoo's own sets through perf/datasets; left out where the zoo is not built (shared/zoo/README.md).
#include <cstdlib>

#include "archive/make.h"
#include "data/dataset.h"

using namespace bw;
using namespace bw::test;

namespace {

fs::path zoo() {
  const char* said = std::getenv("BITWRIGHT_ZOO");
  const char* cache = std::getenv("BITWRIGHT_CACHE");
  const char* home = std::getenv("HOME");
  return said ? fs::path(said)
              : (cache ? fs::path(cache) : fs::path(home ? home : ".") / ".cache" / "bitwright") / "zoo";
}

// First in a test: inside of a check it would count as a failure.
void skip_without_zoo() {
  if (!fs::exists(zoo() / "data")) SKIP("the zoo is not here");
}

Dataset open_zoo(const std::string& name, const std::string& folder, const std::vector<InputSignature>& inputs) {
  const fs::path data = zoo() / "data" / folder;
  return open_dataset(fs::path(BW_SOURCE) / "perf" / "datasets" / (name + ".yaml"), inputs, {.data_root = data});
}

const Dim kBatch{-1, "N"}, kLength{-1, "S"};

}  // namespace

TEST_CASE("sentences through the tokenizer are the zoo's arrays, number by number") {
  skip_without_zoo();
  std::vector<InputSignature> inputs;
  for (const char* name : {"input_ids", "attention_mask", "token_type_ids"})
    inputs.push_back({name, DType::Int64, {kBatch, kLength}});
  const Dataset texts = open_zoo("sst2-text", "sst2", inputs), arrays = open_zoo("sst2-minilm", "sst2", inputs);
  REQUIRE(texts.evaluation().size() == arrays.evaluation().size());
  for (std::size_t i = 0; i < texts.evaluation().size(); ++i) {
    const Sample a = texts.evaluation().get(i), b = arrays.evaluation().get(i);
    REQUIRE(a.inputs == b.inputs);
    REQUIRE(a.labels == b.labels);
  }
}

TEST_CASE("the zoo's other sets open, described and undescribed") {
  skip_without_zoo();
  const std::vector<InputSignature> cifar{{"input", DType::Float32, {kBatch, {3, ""}, {32, ""}, {32, ""}}}};
  CHECK(open_zoo("cifar10", "cifar10", cifar).evaluation().size() == 10'000);
  CHECK(open_zoo("imagenet-sample", "imagenet-sample",
                 {{"input", DType::Float32, {kBatch, {3, ""}, {224, ""}, {224, ""}}}})
            .calibration()
            .size() == 128);
  const Dataset lstm = open_zoo("sst2-lstm", "sst2",
                                {{"input_ids", DType::Int64, {kBatch, kLength}}, {"lengths", DType::Int32, {kBatch}}});
  const Sample sample = lstm.evaluation().get(0);
  CHECK(sample.inputs[0].size() == static_cast<std::size_t>(sample.inputs[1].data<std::int32_t>()[0]));
  const std::vector<InputSignature> tokens{{"input_ids", DType::Int64, {kBatch, kLength}}};
  CHECK(open_zoo("ptb", "ptb", tokens).evaluation().size() == 643);
  // The same windows, made from the text.
  const Dataset text = open_dataset(zoo() / "data" / "ptb" / "test.txt", tokens, {.allow_overlap = true});
  REQUIRE(text.evaluation().size() == 643);
  const Split arrays = open_zoo("ptb", "ptb", tokens).evaluation();
  for (std::size_t i = 0; i < 643; i += 100) {
    CHECK(text.evaluation().get(i).inputs == arrays.get(i).inputs);
    CHECK(text.evaluation().get(i).labels == arrays.get(i).labels);
  }
}
