// Files are tried before they are called done.
#include "bench/proven.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "bench/networks.h"
#include "folder.h"
#include "format/onnx/onnx.h"

using namespace bw;
using Catch::Matchers::ContainsSubstring;

namespace {

// y = |x| / divisor
Graph divided_by(const std::string& divisor) {
  return prepared(
      parse_graph("ir_version 8\nopset \"\" 17\ngraph \"divided\" {\n  input %x: float32[N,4]\n"
                  "  const %k: float32[] = float32[] {" +
                  divisor + R"(}
  %a: float32[N,4] = Abs(%x) @ "abs"
  %y: float32[N,4] = Div(%a, %k) @ "divide"
  output %y: float32[N,4]
}
)"));
}

std::vector<Sample> samples() {
  Sample sample;
  sample.id = "one";
  sample.inputs = {Tensor::of<float>({4}, {0.0f, -1.0f, 2.0f, 4.0f})};
  return {sample};
}

struct Files {
  test::Folder folder;
  fs::path original = folder.path() / "original.onnx", other = folder.path() / "other.onnx";
  Graph graph = divided_by("3");
  Files() { onnx::write(graph, original); }
};

std::string refused_with(const auto& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was refused";
}

}  // namespace

TEST_CASE("a file that works is run on the samples and compared") {
  Files files;
  onnx::write(divided_by("3.0001"), files.other);
  Trial trial({files.original, "onnxruntime"}, samples(), {});
  const Tried tried = trial(files.other, files.graph);
  CHECK(tried.samples == 1);
  REQUIRE(tried.outputs.size() == 1);
  CHECK(tried.outputs[0].name == "y");
  CHECK(tried.outputs[0].elements == 4);
  CHECK(tried.outputs[0].not_finite == 0);
  CHECK(std::abs(tried.outputs[0].sqnr - 20 * std::log10(3 / 0.0001)) < 0.5);
  CHECK(std::isinf(trial(files.original, files.graph).outputs[0].sqnr));
}

TEST_CASE("outputs that are not finite are counted, and the first node that gives them is named") {
  Files files;
  const Graph broken = divided_by("0");
  onnx::write(broken, files.other);
  Trial trial({files.original, "onnxruntime"}, samples(), {});
  CHECK_THAT(refused_with([&] { trial(files.other, broken); }),
             ContainsSubstring("4 of 4 elements of output 'y' are not finite") &&
                 ContainsSubstring("node 'divide' (Div) is the first"));
}

TEST_CASE("what the float model does not give either is no fault of the file") {
  Files files;
  onnx::write(divided_by("0"), files.original);
  Trial trial({files.original, "onnxruntime"}, samples(), {});
  CHECK(trial(files.original, divided_by("0")).outputs.empty());  // no element to compare
}

TEST_CASE("without a sample that the float model takes, a file is only loaded") {
  Files files;
  Sample wrong;
  wrong.inputs = {Tensor::of<float>({3}, {1.0f, 2.0f, 3.0f})};
  Trial trial({files.original, "onnxruntime"}, {wrong}, {});
  const Tried tried = trial(files.original, files.graph);
  CHECK(tried.samples == 0);
  CHECK_THAT(tried.not_run, ContainsSubstring("does not run"));
  write_file(files.other, std::string_view("no model"));
  CHECK_THROWS_AS(trial(files.other, files.graph), Error);
  CHECK_THAT(Trial({files.original, "onnxruntime"}, {}, {})(files.original, files.graph).not_run,
             ContainsSubstring("no sample"));
}

TEST_CASE("samples are made up from what the model says of its inputs") {
  const auto input = [](DType dtype, std::vector<Dim> shape) { return InputSignature{"i", dtype, std::move(shape)}; };
  const Dim batch{-1, "N"}, three{3, {}}, free{-1, "H"};
  const auto made = made_up_samples({input(DType::Float32, {batch, three, free, free}),
                                     input(DType::Int64, {batch, free}), input(DType::Bool, {batch, three})});
  REQUIRE(made.size() == 1);
  CHECK(made[0].inputs[0].shape() == Shape{3, 64, 64});
  CHECK(made[0].inputs[1].shape() == Shape{16});
  CHECK(made[0].inputs[1].data<std::int64_t>()[5] == 1);
  CHECK(made[0].inputs[2].data<bool>()[0]);
  for (const float x : made[0].inputs[0].data<float>()) REQUIRE((0 <= x && x < 1));
  CHECK(made_up_samples({input(DType::String, {batch})}).empty());
}

TEST_CASE("a file takes its name only when its proof is passed") {
  test::Folder folder;
  const fs::path path = folder.path() / "model.onnx";
  onnx::write(divided_by("3"), path);
  const std::string before = read_file(path);
  Graph large = divided_by("5");
  std::vector<float> many(4096, 1.0f);
  large.values[static_cast<std::size_t>(large.find("k"))].initializer =
      Tensor::of<float>({1024, 4}, std::span<const float>(many));
  fs::path seen;
  const auto refuse = [&](const fs::path& written) {
    seen = written;
    onnx::read(written);  // complete, with its data beside it
    throw Error(ErrorKind::Quantization, "no");
  };
  CHECK_THROWS_AS(onnx::write(large, path, {.external_above = 1024, .proof = refuse}), Error);
  CHECK(seen.parent_path() == folder.path());
  CHECK(read_file(path) == before);
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
  onnx::write(large, path, {.external_above = 1024, .proof = [](const fs::path&) {}});
  CHECK(onnx::read(path).value(onnx::read(path).find("k")).initializer.size() == 4096);
}
