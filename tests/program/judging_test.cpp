// What bench says of outputs that are no class scores, of numbers that are none, and of labels that say nothing.
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "archive/npy.h"
#include "base/file.h"
#include "base/random.h"
#include "format/onnx/onnx.h"
#include "graph/evaluate.h"
#include "graph/text.h"
#include "program/program.h"
#include "program/world.h"

namespace bw::test {
namespace {

constexpr std::int64_t kSamples = 60;

Tensor uniform(const Shape& shape, std::uint64_t seed, float least, float most) {
  Random random(seed);
  return Tensor::fill<float>(shape, [&](std::span<float> out) {
    for (float& x : out) x = least + static_cast<float>(random.uniform()) * (most - least);
  });
}

Graph model_of(const std::string& text) {
  return parse_graph("ir_version 8\nopset \"\" 17\ngraph \"g\" {\n" + text + "}\n");
}

std::string matrix(const std::string& name, std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  const Tensor values = normal({rows, columns}, seed);
  std::string numbers;
  for (const float x : values.data<float>()) numbers += (numbers.empty() ? "" : ", ") + std::to_string(x);
  const std::string type = "float32[" + std::to_string(rows) + "," + std::to_string(columns) + "]";
  return "  const %" + name + ": " + type + " = " + type + " {" + numbers + "}\n";
}

Outcome bench(const Folder& folder, const std::string& methods, std::vector<std::string> more = {}) {
  std::vector<std::string> words{"bench",
                                 (folder.path() / "m.onnx").string(),
                                 "--data",
                                 (folder.path() / "data").string(),
                                 "-o",
                                 (folder.path() / "out").string(),
                                 "--methods",
                                 methods,
                                 "--latency-seconds",
                                 "0.05",
                                 "--no-store"};
  words.insert(words.end(), more.begin(), more.end());
  return bitwright(words);
}

Json report_of(const Folder& folder) {
  return json_file(folder.path() / "out/report.json")["models"][0];
}

// Two outputs: hundreds and scores of hundredths in one, and a class.
const std::string kDetector = "  input %x: float32[N,16]\n" + matrix("wb", 16, 4, 1) + matrix("wc", 16, 3, 2) +
                              "  const %big: float32[] = float32[] {300}\n  const %less: float32[] = float32[] {4}\n"
                              "%b: float32[N,4] = MatMul(%x, %wb)\n%boxes: float32[N,4] = Mul(%b, %big)\n"
                              "%c: float32[N,3] = MatMul(%x, %wc)\n%d: float32[N,3] = Sub(%c, %less)\n"
                              "%scores: float32[N,3] = Sigmoid(%d)\n"
                              "%y: float32[N,7] = Concat(%boxes, %scores) {axis = 1}\n"
                              "%best: int64[N] = ArgMax(%scores) {axis = 1, keepdims = 0}\n"
                              "  output %y: float32[N,7]\n  output %best: int64[N]\n";

struct Detector {
  Folder folder;
  Detector() {
    fs::create_directory(folder.path() / "data");
    onnx::write(model_of(kDetector), folder.path() / "m.onnx");
    write_npz({{"x", normal({kSamples, 16}, 5)}}, folder.path() / "data/samples.npz");
  }
};

TEST_CASE("every output is judged by what it is, and the worst decides") {
  const Detector detector;
  const Outcome outcome = bench(detector.folder, "bf16(min_size=1),int8-dynamic");
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(has(outcome.err, "output 'y' is numbers, judged by fidelity"));
  const Json model = report_of(detector.folder);
  CHECK(model["dataset"]["metric"] == "agreement or fidelity");
  for (const Json& row : model["candidates"]) {
    INFO(row.dump());
    const Json& outputs = row["accuracy"]["outputs"];
    REQUIRE(outputs.size() == 2);
    CHECK(outputs[0]["measure"] == "fidelity");
    CHECK(outputs[0]["agreement"]["value"].is_null());
    CHECK(outputs[1]["measure"] == "agreement");
    const double fidelity = outputs[0]["fidelity"]["value"], agreement = outputs[1]["agreement"]["value"];
    CHECK(row["accuracy_retention"]["value"] == std::min(fidelity, agreement));
    CHECK(row["accuracy"]["decided_on"] == (fidelity < agreement ? "y" : "best"));
    CHECK(fidelity > 0.9);
    CHECK(fidelity < 1);
  }
  CHECK(has(outcome.out, "Retention by fidelity: "));
}

TEST_CASE("dataset.yaml names the output that decides") {
  const Detector detector;
  write_file(detector.folder.path() / "data/dataset.yaml",
             std::string("version: 1\noutputs: {best: {metric: agreement}}\n"));
  const Outcome outcome = bench(detector.folder, "bf16(min_size=1)");
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json model = report_of(detector.folder);
  CHECK(model["dataset"]["metric"] == "agreement");
  CHECK(model["candidates"][0]["accuracy"]["decided_on"] == "best");
  CHECK(model["candidates"][0]["accuracy"]["outputs"][0]["decides"] == false);
}

// A product of four numbers; and the same with a root beside it that is NaN for large ones, as one sample in ten has.
std::string product(bool with_root) {
  return "  input %x: float32[N,16]\n" + matrix("w", 16, 8, 3) +
         "  const %zero: float32[] = float32[] {0}\n  const %most: float32[] = float32[] {10000}\n"
         "%m: float32[N,8] = MatMul(%x, %w) @ \"product\"\n" +
         (with_root ? "%q: float32[N,8] = Mul(%m, %m) @ \"square\"\n%d: float32[N,8] = Sub(%most, %q) @ \"rest\"\n"
                      "%r: float32[N,8] = Sqrt(%d) @ \"root\"\n%z: float32[N,8] = Mul(%r, %zero) @ \"nothing\"\n"
                      "%y: float32[N,8] = Add(%m, %z) @ \"sum\"\n"
                    : "%y: float32[N,8] = Identity(%m)\n") +
         "  output %y: float32[N,8]\n";
}

TEST_CASE("outputs that are no numbers in some samples are a reason, with the node") {
  const Folder folder;
  fs::create_directory(folder.path() / "data");
  onnx::write(model_of(product(false)), folder.path() / "m.onnx");
  onnx::write(model_of(product(true)), folder.path() / "other.onnx");
  const Tensor x = uniform({kSamples, 16}, 9, -1, 1);
  std::vector<float> values(x.data<float>().begin(), x.data<float>().end());
  for (std::size_t i = 0; i < values.size(); ++i)
    if (i / 16 % 10 == 9) values[i] *= 1000;
  write_npz({{"x", Tensor::of<float>({kSamples, 16}, values)}}, folder.path() / "data/samples.npz");
  const auto path = [&](const char* name) { return (folder.path() / name).string(); };
  const Outcome outcome = bitwright(
      {"compare", path("m.onnx"), path("other.onnx"), "--data", path("data"), "--latency-seconds", "0.05", "--json"});
  INFO(outcome.err << outcome.out);
  REQUIRE(outcome.code == 3);
  const Json model = parse_json(outcome.out, "compare")["models"][0];
  const Json& other = model["candidates"][0];
  CHECK(other["status"] == "refused");
  const std::string reason = other["reason"];
  CHECK(has(reason, " elements of output 'y' are not finite where the float model's are, in "));
  CHECK(has(reason, "; node 'root' (Sqrt) is the first to give such"));
  const Json& output = other["accuracy"]["outputs"][0];
  CHECK(output["not_finite_samples"] > 0);
  CHECK(output["not_finite_samples"] < 10);
  CHECK(output["not_finite"] > output["not_finite_samples"]);
  CHECK(output["elements"] == 8 * 48);
  CHECK(other["latency"].is_null());
  CHECK(model["pareto"].empty());
}

// A classifier of pictures from 0 to 1 whose data hold bytes: scores grow with the brightness of patches, and a square
// keeps them from being the same for any scale.
const std::string kPictures = "  input %x: float32[N,3,8,8]\n" + matrix("w", 192, 24, 11) + matrix("v", 24, 10, 12) +
                              "  const %half: float32[] = float32[] {0.5}\n"
                              "%f: float32[N,192] = Flatten(%x)\n%s: float32[N,192] = Sub(%f, %half)\n"
                              "%h: float32[N,24] = MatMul(%s, %w)\n%t: float32[N,24] = Sin(%h)\n"
                              "%y: float32[N,10] = MatMul(%t, %v)\n  output %y: float32[N,10]\n";

struct Pictures {
  Folder folder;
  // Labels are the model's own answers on pixels over 255, changed by `label`.
  explicit Pictures(std::int64_t (*label)(std::int64_t)) {
    constexpr std::int64_t kCount = 260;
    fs::create_directory(folder.path() / "data");
    const Graph graph = model_of(kPictures);
    onnx::write(graph, folder.path() / "m.onnx");
    const Tensor unit = uniform({kCount, 3, 8, 8}, 21, 0, 255);
    std::vector<std::uint8_t> bytes;
    std::vector<float> pixels;
    for (const float x : unit.data<float>()) {
      bytes.push_back(static_cast<std::uint8_t>(x));
      pixels.push_back(static_cast<float>(bytes.back()) / 255);
    }
    const Tensor scores = evaluate(graph, {{"x", Tensor::of<float>({kCount, 3, 8, 8}, pixels)}}).front();
    std::vector<std::int64_t> labels;
    for (std::size_t i = 0; i < static_cast<std::size_t>(kCount); ++i) {
      const auto row = scores.data<float>().subspan(10 * i, 10);
      labels.push_back(label(std::max_element(row.begin(), row.end()) - row.begin()));
    }
    write_npz(
        {{"x", Tensor::of<std::uint8_t>({kCount, 3, 8, 8}, bytes)}, {"y", Tensor::of<std::int64_t>({kCount}, labels)}},
        folder.path() / "data/samples.npz");
  }
};

TEST_CASE("a float model at chance is said to be so, with the pixels that fit") {
  const Pictures pictures([](std::int64_t answer) { return answer; });
  const Outcome outcome = bench(pictures.folder, "bf16(min_size=1)", {"--quick"});
  INFO(outcome.err << outcome.out);
  REQUIRE(outcome.code == 0);
  const Json model = report_of(pictures.folder);
  REQUIRE(model["dataset"]["doubts"].size() == 2);
  CHECK(has(model["dataset"]["doubts"][0].get<std::string>(), "no more than chance"));
  CHECK(has(model["dataset"]["doubts"][1].get<std::string>(), "inputs: {x: {scale: 1/255"));
  CHECK(has(outcome.err, "Write into dataset.yaml:"));
  CHECK(model["candidates"][0]["accuracy"]["decided_by"] == "agreement");
  CHECK(has(model["recommended"]["sentence"].get<std::string>(), "labels say nothing"));
  // What it says is so.
  write_file(pictures.folder.path() / "data/dataset.yaml", std::string("version: 1\ninputs: {x: {scale: 1/255}}\n"));
  const Outcome again = bench(pictures.folder, "bf16(min_size=1)", {"--quick"});
  INFO(again.err);
  REQUIRE(again.code == 0);
  const Json better = report_of(pictures.folder);
  CHECK(better["dataset"]["doubts"].empty());
  CHECK(better["original_metrics"]["accuracy"]["value"] > 0.9);
  CHECK(better["candidates"][0]["accuracy"]["decided_by"] == "top1");
}

TEST_CASE("labels that count from one and labels of another order are recognised") {
  const auto doubts = [](std::int64_t (*label)(std::int64_t), const char* yaml) {
    const Pictures pictures(label);
    write_file(pictures.folder.path() / "data/dataset.yaml", std::string("version: 1\n") + yaml);
    const Outcome outcome = bench(pictures.folder, "bf16(min_size=1)", {"--quick"});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    return report_of(pictures.folder)["dataset"]["doubts"].dump();
  };
  CHECK(has(doubts([](std::int64_t answer) { return (answer + 9) % 10; }, "inputs: {x: {scale: 1/255}}\n"),
            "label: {first: -1}"));
  CHECK(has(doubts([](std::int64_t answer) { return (3 * answer + 1) % 10; }, "inputs: {x: {scale: 1/255}}\n"),
            "in another order than the labels (class 0 is 1, 1 is 4, 2 is 7"));
}

}  // namespace
}  // namespace bw::test
