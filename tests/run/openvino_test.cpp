// The second runtime. Where it is not here, what needs it is skipped, and that is said.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "badinput/sketch.h"
#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "folder.h"
#include "format/format.h"
#include "format/onnx/onnx.h"
#include "graph/text.h"
#include "run/deployment.h"
#include "run/worker.h"
#include "tensor/convert.h"

namespace bw {
namespace {

using Catch::Approx;

const Runtime& openvino() {
  const Runtime& runtime = runtime_named("openvino");
  if (!runtime.available()) SKIP("OpenVINO is not here; " << runtime.brought_by << " brings it");
  return runtime;
}

Tensor noise(Shape shape, std::uint64_t seed) {
  Random random(seed);
  return Tensor::fill<float>(std::move(shape), [&](std::span<float> out) {
    for (float& value : out) value = static_cast<float>(random.normal());
  });
}

// x [N, 32] -> product -> Relu -> + b -> y
Graph network() {
  test::Sketch s(17);
  const ValueId x = s.value("x", ValueType::tensor(DType::Float32, std::vector<Dim>{Dim{-1, "N"}, Dim{32, {}}}));
  const ValueId p = s.node("MatMul", {x, s.constant("w", noise({32, 64}, 1))}, {}, "p");
  const ValueId r = s.node("Relu", {p}, {}, "r");
  Graph graph = s.with_output(s.node("Add", {r, s.constant("b", noise({64}, 2))}, {}, "y"));
  graph.inputs = {x};
  return graph;
}

std::vector<float> floats(const Tensor& tensor) {
  return to_floats(tensor);
}

TEST_CASE("a runtime that is here has a version, and OpenVINO a command that brings it", "[openvino]") {
  CHECK(runtime_named("openvino").brought_by == "deps/fetch openvino");
  CHECK(runtime_named("onnxruntime").brought_by.empty());
  CHECK(available_runtime("onnxruntime").name == "onnxruntime");
  const Runtime& there = openvino();
  CHECK(name_and_version(there).starts_with("openvino 2026."));
}

// In a process of its own: what was found once stays found.
TEST_CASE("a runtime that is named but not here is a usage error with the command that brings it", "[openvino]") {
  const test::Folder empty;
  const char* before = std::getenv("BITWRIGHT_OPENVINO");
  const std::string kept = before ? before : "";
  ::setenv("BITWRIGHT_OPENVINO", empty.path().c_str(), 1);
  Worker worker;
  try {
    worker.run({"find-runtime", R"({"name":"openvino"})", {}, {}});
    FAIL("it was found in an empty folder");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Usage);
    CHECK(error.message() == "the runtime 'openvino' is not here");
    CHECK(error.hint() == "Bring it with: deps/fetch openvino");
  }
  CHECK_NOTHROW(worker.run({"find-runtime", R"({"name":"onnxruntime"})", {}, {}}));
  before ? ::setenv("BITWRIGHT_OPENVINO", kept.c_str(), 1) : ::unsetenv("BITWRIGHT_OPENVINO");
}

TEST_CASE("OpenVINO computes floats in 32 bits, from a file and from memory", "[openvino]") {
  const Runtime& runtime = openvino();
  const test::Folder folder;
  const Graph graph = network();
  write_model(graph, folder.path() / "m.onnx");
  const Tensor x = noise({3, 32}, 3);
  const std::vector<float> wanted =
      floats(load({folder.path() / "m.onnx", "onnxruntime"})->run(std::span(&x, 1)).at(0));
  const auto check = [&](Runner& runner) {
    REQUIRE(runner.inputs().size() == 1);
    CHECK(runner.inputs()[0].name == "x");
    CHECK(to_string(runner.inputs()[0].type) == "float32[?,32]");
    CHECK(runner.outputs()[0].name == "y");
    for (int again = 0; again < 2; ++again) {
      const std::vector<float> met = floats(runner.run(std::span(&x, 1)).at(0));
      REQUIRE(met.size() == wanted.size());
      for (std::size_t i = 0; i < met.size(); ++i) CHECK(met[i] == Approx(wanted[i]).epsilon(1e-5).margin(1e-5));
    }
  };
  check(*load({folder.path() / "m.onnx", "openvino"}));
  const Detached apart = format_named(runtime.format).detach(graph);
  REQUIRE_FALSE(apart.parts.empty());
  check(*runtime.load({{}, as_bytes(apart.model), SharedBytes(apart.parts)}, {}));
}

TEST_CASE("outputs stay as they are while the model runs again", "[openvino]") {
  openvino();
  const test::Folder folder;
  write_model(network(), folder.path() / "m.onnx");
  const auto runner = load({folder.path() / "m.onnx", "openvino"});
  const Tensor one = noise({1, 32}, 4), other = noise({2, 32}, 5);
  const Tensor kept = runner->run(std::span(&one, 1)).at(0);
  const std::vector<float> before = floats(kept);
  runner->run(std::span(&other, 1));
  CHECK(floats(kept) == before);
  CHECK(kept.shape() == Shape{1, 64});
}

TEST_CASE("taps show inner values, also of a model whose weights lie beside it", "[openvino]") {
  openvino();
  const test::Folder folder;
  onnx::write(network(), folder.path() / "m.onnx", {.external_above = 0});
  LoadOptions options;
  options.taps = {"x", "r", "y"};
  const auto runner = load({folder.path() / "m.onnx", "openvino"}, options),
             oracle = load({folder.path() / "m.onnx", "onnxruntime"}, options);
  CHECK(runner->outputs().size() == 1);
  const Tensor x = noise({2, 32}, 6);
  const auto seen = [&](Runner& of) {
    std::vector<std::vector<float>> values;
    of.run(std::span(&x, 1), [&](std::size_t tap, const Tensor& value) {
      CHECK(tap == values.size());
      values.push_back(floats(value));
    });
    return values;
  };
  const auto met = seen(*runner), wanted = seen(*oracle);
  REQUIRE(met.size() == 3);
  CHECK(met[0] == floats(x));
  for (std::size_t i = 0; i < wanted[1].size(); ++i) CHECK(met[1][i] == Approx(wanted[1][i]).margin(1e-4));
}

TEST_CASE("what OpenVINO refuses is an error of the class that fits, in plain words", "[openvino]") {
  openvino();
  const test::Folder folder;
  const auto refused = [&](const Deployment& model, const std::vector<Tensor>& inputs) {
    try {
      load(model)->run(inputs);
    } catch (const Error& error) {
      CHECK(error.where() == model.file.string());
      CHECK(error.message().find('\n') == std::string::npos);
      CHECK(error.message().find(".cpp:") == std::string::npos);
      return std::string(error.kind() == ErrorKind::HardwareCompatibility ? "hardware" : name_of(error.input_class()));
    }
    return std::string("nothing was refused");
  };
  CHECK(refused({"/nowhere/m.onnx", "openvino"}, {}) == "path");
  write_file(folder.path() / "bad.onnx", std::string_view("no model"));
  CHECK(refused({folder.path() / "bad.onnx", "openvino"}, {}) != "nothing was refused");
  write_model(network(), folder.path() / "m.onnx");
  CHECK(refused({folder.path() / "m.onnx", "openvino"}, {}) == "data");
  CHECK(refused({folder.path() / "m.onnx", "openvino"}, {noise({1, 31}, 7)}) == "semantic");
  Graph unknown = network();
  unknown.nodes[1].op_type = "Nonsense";
  unknown.nodes[1].domain = "com.microsoft";
  unknown.opsets["com.microsoft"] = 1;
  write_model(unknown, folder.path() / "unknown.onnx");
  CHECK(refused({folder.path() / "unknown.onnx", "openvino"}, {noise({1, 32}, 8)}) == "hardware");
}

TEST_CASE("OpenVINO takes the newest versions of ONNX that it is said to take", "[openvino]") {
  const Runtime& runtime = openvino();
  Graph graph = network();
  graph.ir_version = runtime.newest_ir_version;
  graph.opsets[""] = runtime.newest_opset;
  const std::string bytes = onnx::serialize(graph);
  CHECK_NOTHROW(runtime.load({{}, as_bytes(bytes)}, {}));
}

}  // namespace
}  // namespace bw
