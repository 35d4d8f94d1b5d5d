// ONNX Runtime: running, taps, and errors in our own kinds.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "badinput/sketch.h"
#include "base/error.h"
#include "base/file.h"
#include "folder.h"
#include "format/onnx/onnx.h"
#include "run/runtime.h"

namespace bw {
namespace {

using test::Sketch;

// x [2] -> double -> a -> Relu -> b -> + x -> c
std::string model() {
  Sketch s;
  const ValueId x = s.input("x", DType::Float32, {2});
  const ValueId two = s.constant("two", Tensor::of<float>({1}, {2}));
  const ValueId a = s.node("Mul", {x, two}, {}, "a");
  const ValueId b = s.node("Relu", {a}, {}, "b");
  return onnx::serialize(s.with_output(s.node("Add", {b, x}, {}, "c")));
}

std::unique_ptr<Runner> load(const std::string& bytes, std::vector<std::string> taps = {}) {
  LoadOptions options;
  options.taps = std::move(taps);
  return runtime_named("onnxruntime").load({{}, as_bytes(bytes)}, options);
}

const Tensor kInput = Tensor::of<float>({2}, {-1, 3});

TEST_CASE("a model runs, from bytes and from a file") {
  const std::string bytes = model();
  const auto runner = load(bytes);
  REQUIRE(runner->inputs().size() == 1);
  CHECK(runner->inputs()[0].name == "x");
  CHECK(runner->outputs()[0].name == "c");
  const Tensor wanted = Tensor::of<float>({2}, {-1, 9});
  CHECK(runner->run(std::span(&kInput, 1)).at(0) == wanted);
  const test::Folder folder;
  write_file(folder.path() / "m.onnx", bytes);
  LoadOptions options;
  options.taps = {"a"};
  for (const LoadOptions& each : {LoadOptions{}, options})
    CHECK(runtime_named("onnxruntime").load({folder.path() / "m.onnx", {}}, each)->run(std::span(&kInput, 1)).at(0) == wanted);
}

TEST_CASE("taps show values in the order of computing, on the calling thread, once a run") {
  const auto runner = load(model(), {"x", "a", "b", "c"});
  std::vector<std::size_t> order;
  std::vector<std::vector<float>> seen;
  const TapSink sink = [&](std::size_t tap, const Tensor& value) {
    order.push_back(tap);
    seen.emplace_back(value.data<float>().begin(), value.data<float>().end());
  };
  runner->run(std::span(&kInput, 1), sink);
  CHECK(order == std::vector<std::size_t>{0, 1, 2, 3});
  CHECK(seen == std::vector<std::vector<float>>{{-1, 3}, {-2, 6}, {0, 6}, {-1, 9}});
  runner->run(std::span(&kInput, 1));  // without a sink nothing is shown
  CHECK(order.size() == 4);
}

TEST_CASE("what a tap throws, run throws, and the session goes on") {
  const auto runner = load(model(), {"b"});
  const TapSink sink = [](std::size_t, const Tensor&) { throw Error(ErrorKind::Calibration, "holds NaN", "b"); };
  try {
    runner->run(std::span(&kInput, 1), sink);
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Calibration);
    CHECK(error.where() == "b");
  }
  CHECK(runner->run(std::span(&kInput, 1)).size() == 1);
}

TEST_CASE("a tap behind the activation keeps it fused into its convolution") {
  Sketch s;
  const ValueId x = s.input("x", DType::Float32, {1, 16, 8, 8});
  const ValueId w = s.constant("w", test::zeros(DType::Float32, {16, 16, 3, 3}));
  const ValueId y = s.node("Conv", {x, w}, {}, "y");
  const std::string bytes = onnx::serialize(s.with_output(s.node("Relu", {y}, {}, "z")));
  const auto relus_after_tapping = [&](const char* value) {
    const test::Folder folder;
    LoadOptions options;
    options.taps = {value};
    options.save_optimized = folder.path() / "optimized.onnx";
    runtime_named("onnxruntime").load({{}, as_bytes(bytes)}, options);
    const Graph graph = onnx::read(options.save_optimized, {.verify = false, .limits = {}});
    return std::count_if(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) { return node.is("Relu"); });
  };
  CHECK(relus_after_tapping("z") == 0);
  CHECK(relus_after_tapping("y") == 1);
}

TEST_CASE("what the runtime refuses is an error of the class that fits") {
  const auto class_of = [](auto&& body) {
    try {
      body();
    } catch (const Error& error) {
      return std::string(name_of(error.input_class()));
    }
    return std::string("nothing was thrown");
  };
  CHECK(class_of([] { load("not a model"); }) == "format");
  CHECK(class_of([] { runtime_named("onnxruntime").load({"/nowhere/m.onnx", {}}, {}); }) == "path");
  CHECK(class_of([] { load(model())->run({}); }) == "data");
  const Tensor wrong = Tensor::of<float>({3}, {1, 2, 3});
  CHECK(class_of([&] { load(model())->run(std::span(&wrong, 1)); }) == "semantic");
  CHECK_THROWS_AS(runtime_named("abacus"), Error);
}

TEST_CASE("the runtime's words come on one line and without places in its source") {
  Sketch s;
  const ValueId x = s.input("x", DType::Float32, {2}), shape = s.input("shape", DType::Int64, {1});
  const std::string reshapes = onnx::serialize(s.with_output(s.node("Reshape", {x, shape}, {}, "y")));
  const std::vector<Tensor> misfits{kInput, Tensor::of<std::int64_t>({1}, {3})};
  const Tensor wrong = Tensor::of<float>({3}, {1, 2, 3});
  const auto said = [](auto&& body) {
    try {
      body();
    } catch (const Error& error) {
      return error.message();
    }
    return std::string("nothing was thrown");
  };
  for (const std::string& message :
       {said([&] { load(reshapes)->run(misfits); }), said([&] { load(model())->run(std::span(&wrong, 1)); })}) {
    INFO(message);
    CHECK(message.starts_with("ONNX Runtime: "));
    CHECK(message.find('\n') == std::string::npos);
    CHECK(message.find(".cc:") == std::string::npos);
    CHECK(message.find(".h:") == std::string::npos);
  }
  CHECK(said([&] { load(reshapes)->run(misfits); }).find("cannot be reshaped") != std::string::npos);
}

}  // namespace
}  // namespace bw
