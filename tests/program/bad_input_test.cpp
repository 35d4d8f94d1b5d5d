// Bad models and bad data: exit code 3 and one sentence that names the file and the place in it.
#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <nlohmann/json.hpp>

#include "archive/npy.h"
#include "badinput/sketch.h"
#include "base/file.h"
#include "format/onnx/onnx.h"
#include "program/program.h"
#include "program/world.h"

namespace bw::test {
namespace {

// The command fails on `world` as it is now, and says all of `parts` in one line.
void require_refused(const World& world, const std::vector<std::string>& words, const std::vector<std::string>& parts) {
  const Outcome outcome =
      bitwright(words, {.environment = {}, .folder = world.path(), .output = {}, .largest_file = 0});
  INFO(outcome.err);
  CHECK(outcome.code == 3);
  CHECK(outcome.out == "");
  const std::size_t start = outcome.err.rfind("bitwright: ");
  REQUIRE(start != std::string::npos);
  const std::string sentence = outcome.err.substr(start);
  for (std::size_t end = sentence.find('\n'); end + 1 < sentence.size(); end = sentence.find('\n', end + 1))
    CHECK(sentence.compare(end + 1, 2, "  ") == 0);  // nothing behind it but a list of what there is
  for (const std::string& part : parts) {
    INFO(part);
    CHECK(has(sentence, part));
  }
}

const std::vector<std::string> kBench{"bench",       "model.onnx",        "--data", "data", "--methods",
                                      "int8-static", "--latency-seconds", "0.05"};

Graph relu(const std::vector<Dim>& shape = {{-1, "N"}, {3, ""}}) {
  Sketch s;
  const ValueId x = s.value("x", ValueType::tensor(DType::Float32, shape));
  Graph graph = s.with_output(s.node("Relu", {x}));
  graph.inputs = {x};
  return graph;
}

}  // namespace

TEST_CASE("bad models are refused, whatever the command") {
  const World world;
  const std::string good = read_file(world / "cnn.onnx");
  struct Row {
    std::string name, bytes;
    std::vector<std::string> says;
  };
  Graph cycle = relu();
  cycle.nodes[0].inputs = {cycle.nodes[0].outputs[0]};
  Graph missing = relu();
  missing.nodes[0].inputs = {kNoValue};
  Graph unknown = relu();
  unknown.nodes[0].op_type = "Rleu";
  const std::vector<Row> rows{
      {"truncated", good.substr(0, good.size() / 2), {"model.onnx"}},
      {"text", "import torch\nprint('not a model')\n", {"model.onnx"}},
      {"empty", "", {"model.onnx", "empty"}},
      {"cycle", onnx::serialize(cycle), {"model.onnx", "Relu"}},
      {"missing input", onnx::serialize(missing), {"model.onnx", "Relu"}},
      {"unknown operator", onnx::serialize(unknown), {"model.onnx", "Rleu"}},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    write_file(world / "model.onnx", row.bytes);
    require_refused(world, kBench, row.says);
    require_refused(world, {"inspect", "model.onnx"}, row.says);
    require_refused(world, {"quantize", "model.onnx", "--recipe", "fp16"}, row.says);
    require_refused(world, {"compare", "cnn.onnx", "model.onnx", "--data", "data"}, row.says);
  }
  fs::remove(world / "model.onnx");
  require_refused(world, kBench, {"model.onnx", "No such file"});
  require_refused(world, {"inspect", "data"}, {"data"});
  CHECK(!fs::exists(world / "bitwright-report"));
}

TEST_CASE("weights outside the model's folder are not read") {
  const World world;
  fs::create_directory(world / "inner");
  Graph graph = onnx::read(world / "cnn.onnx");
  onnx::write(graph, world / "inner/model.onnx", {.external_above = 0});
  std::string data;
  for (const fs::directory_entry& entry : fs::directory_iterator(world / "inner"))
    if (entry.path().extension() == ".data") data = entry.path().filename().string();
  REQUIRE(!data.empty());
  CHECK(bitwright({"inspect", world.path("inner/model.onnx")}).code == 0);
  fs::rename(world / ("inner/" + data), world / "elsewhere.data");
  require_refused(world, {"inspect", "inner/model.onnx"}, {"inner/model.onnx", data});
  fs::create_symlink(world / "elsewhere.data", world / ("inner/" + data));
  require_refused(world, {"inspect", "inner/model.onnx"}, {"inner/model.onnx", data, "link"});
}

TEST_CASE("a weight that is not a number is named by tensor and index") {
  const World world;
  Graph graph = onnx::read(world / "cnn.onnx");
  Value& weight = graph.value(graph.find("w3"));
  std::vector<float> numbers(weight.initializer.data<float>().begin(), weight.initializer.data<float>().end());
  numbers[7] = std::numeric_limits<float>::quiet_NaN();
  weight.initializer = Tensor::of<float>(weight.initializer.shape(), std::span<const float>(numbers));
  onnx::write(graph, world / "model.onnx");
  require_refused(world, kBench, {"model.onnx", "w3", "index 7", "NaN"});
}

TEST_CASE("data that do not fit are refused") {
  const World world;
  fs::rename(world / "cnn.onnx", world / "model.onnx");
  const fs::path file = world / "data/samples.npz";
  const Tensor images = normal({6, 4, 8, 8}, 1), labels = Tensor::of<std::int64_t>({6}, {0, 1, 2, 3, 4, 0});
  const auto with = [&](const std::map<std::string, Tensor>& arrays) { write_npz(arrays, file); };

  SECTION("no samples") {
    with({{"x", zeros(DType::Float32, {0, 4, 8, 8})}, {"y", zeros(DType::Int64, {0})}});
    require_refused(world, kBench, {"samples.npz"});
  }
  SECTION("a label that the model has no output for") {
    with({{"x", images}, {"y", Tensor::of<std::int64_t>({6}, {0, 1, 2, 9, 4, 0})}});
    require_refused(world, kBench, {"samples.npz", "label is 9", "5 classes"});
  }
  SECTION("more labels than samples") {
    with({{"x", images}, {"y", Tensor::of<std::int64_t>({7}, {0, 1, 2, 3, 4, 0, 1})}});
    require_refused(world, kBench, {"samples.npz"});
  }
  SECTION("not a number among the samples") {
    std::vector<float> numbers(images.data<float>().begin(), images.data<float>().end());
    for (std::size_t i = 0; i < 6; ++i) numbers[i * 256 + 5] = std::numeric_limits<float>::quiet_NaN();
    with({{"x", Tensor::of<float>(images.shape(), std::span<const float>(numbers))}, {"y", labels}});
    require_refused(world, kBench, {"samples.npz", "5"});
  }
  SECTION("images of another size") {
    with({{"x", normal({6, 3, 9, 9}, 1)}, {"y", labels}});
    require_refused(world, kBench, {"samples.npz"});
  }
  SECTION("no array for the input") {
    with({{"pictures", normal({6, 4}, 1)}});
    require_refused(world, kBench, {"input \"x\"", "pictures"});
  }
  SECTION("a broken archive") {
    const std::string whole = read_file(file);
    write_file(file, std::string_view(whole).substr(0, whole.size() - 40));
    require_refused(world, kBench, {"samples.npz"});
  }
  SECTION("an empty folder") {
    fs::remove(file);
    require_refused(world, kBench, {"data"});
  }
  SECTION("a folder that is not there") {
    fs::remove_all(world / "data");
    require_refused(world, kBench, {"data", "does not exist"});
  }
  SECTION("a dataset.yaml that does not parse, with its line") {
    world.write_text("data/dataset.yaml", "version: 1\ntask: classification\nsource: {kind: npz\n");
    require_refused(world, kBench, {"dataset.yaml:"});
  }
  SECTION("a dataset.yaml with a word that means nothing, with its line") {
    world.write_text("data/dataset.yaml", "version: 1\ntask: classification\nsorce: {kind: npz}\n");
    require_refused(world, kBench, {"dataset.yaml:3", "sorce"});
  }
  SECTION("a file that is missing") {
    world.write_text("data/dataset.yaml", "version: 1\nsource: {kind: npz, path: other.npz}\n");
    require_refused(world, kBench, {"other.npz"});
  }
  CHECK(!fs::exists(world / "bitwright-report/report.json"));
}

}  // namespace bw::test
