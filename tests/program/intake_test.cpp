// Models as users have them: what comes in is understood, or refused in our words, and never written over.
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "badinput/sketch.h"
#include "base/file.h"
#include "format/onnx/onnx.h"
#include "program/program.h"
#include "program/world.h"

namespace bw::test {
namespace {

Setting in(const World& world) {
  return {.environment = {}, .folder = world.path(), .output = {}, .largest_file = 0};
}

// x [N, 32] -> MatMul -> y, with its weight in a file beside it.
fs::path put_model_with_data(const World& world) {
  Sketch s(17);
  const ValueId x = s.value("x", ValueType::tensor(DType::Float32, std::vector<Dim>{{-1, "N"}, {32, ""}}));
  const ValueId w = s.constant("w", normal({32, 32}, 1));
  Graph graph = s.with_output(s.node("MatMul", {x, w}));
  graph.inputs = {x};
  onnx::write(graph, world / "big.onnx", {.external_above = 0, .proof = {}});
  return onnx::files_of(world / "big.onnx").at(1);
}

}  // namespace

TEST_CASE("what a command reads it does not write over, by whatever name") {
  const World world;
  const fs::path data = put_model_with_data(world);
  fs::create_symlink("big.onnx", world / "link.onnx");
  fs::create_hard_link(world / "big.onnx", world / "hard.onnx");
  write_file(world / "d.npz", read_file(world / "data/samples.npz"));
  const std::string before = read_file(world / "big.onnx"), weights = read_file(data);
  const auto refused = [&](const std::vector<std::string>& words) {
    const Outcome outcome = bitwright(words, in(world));
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(has(outcome.err, "would overwrite a file that is read as input"));
  };
  for (const std::string& output :
       {std::string("big.onnx"), std::string("link.onnx"), std::string("hard.onnx"), data.filename().string()})
    refused({"quantize", "big.onnx", "--recipe", "fp16", "-o", output});
  refused({"quantize", "big.onnx", "--recipe", "fp16", "--dry-run", "--plan-out", "big.onnx"});
  refused({"quantize", "cnn.onnx", "--data", "d.npz", "--recipe", "fp16", "-o", "d.npz"});
  REQUIRE(
      bitwright({"quantize", "big.onnx", "--recipe", "fp16", "-o", "half.onnx", "--plan-out", "plan.json"}, in(world))
          .code == 0);
  refused({"apply", "big.onnx", "plan.json", "-o", "big.onnx"});
  refused({"apply", "big.onnx", "plan.json", "-o", "plan.json"});
  CHECK(read_file(world / "big.onnx") == before);
  CHECK(read_file(data) == weights);

  fs::create_directories(world / "out/candidates/cnn/fp16");
  fs::copy_file(world / "cnn.onnx", world / "out/candidates/cnn/fp16/cnn.onnx");
  const Outcome bench = bitwright(
      {"bench", "out/candidates/cnn/fp16/cnn.onnx", "--data", "data", "-o", "out", "--methods", "fp16"}, in(world));
  CHECK(bench.code == 2);
  CHECK(has(bench.err, "among the candidates that this run would replace"));
}

}  // namespace bw::test
