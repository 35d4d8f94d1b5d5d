// ONNX Runtime: running, taps, and errors in our own kinds.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "badinput/sketch.h"
#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
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
    CHECK(runtime_named("onnxruntime").load({folder.path() / "m.onnx", {}}, each)->run(std::span(&kInput, 1)).at(0) ==
          wanted);
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
    const fs::path optimized = folder.path() / "optimized.onnx";
    options.config["optimized_model_filepath"] = optimized;
    runtime_named("onnxruntime").load({{}, as_bytes(bytes)}, options);
    const Graph graph = onnx::read(optimized, {.verify = false, .limits = {}});
    return std::count_if(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) { return node.is("Relu"); });
  };
  CHECK(relus_after_tapping("z") == 0);
  CHECK(relus_after_tapping("y") == 1);
}

Tensor noise(Shape shape, float scale, std::uint64_t seed) {
  Random random(seed);
  return Tensor::fill<float>(std::move(shape), [&](std::span<float> data) {
    for (float& value : data) value = scale * static_cast<float>(random.normal());
  });
}

// x [2, 3, 8, 8] -> 32 channels -> 24 channels -> 32 channels -> y, with a Relu behind each
Graph convolutions() {
  Sketch s;
  const ValueId x = s.input("x", DType::Float32, {2, 3, 8, 8});
  const auto layer = [&](ValueId from, std::int64_t in, std::int64_t out, const std::string& name) {
    const ValueId w = s.constant("w_" + name, noise({out, in, 3, 3}, 0.1f, static_cast<std::uint64_t>(out + in)));
    const ValueId y = s.node("Conv", {from, w}, {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}, {}}}, "conv_" + name);
    return s.node("Relu", {y}, {}, name);
  };
  return s.with_output(layer(layer(layer(x, 3, 32, "a"), 32, 24, "b"), 24, 32, "c"));
}

TEST_CASE("taps in any order show the same elements sooner, and the plain order still when asked") {
  const Graph graph = convolutions();
  const Detached apart = onnx::detach(graph);
  const Tensor x = noise({2, 3, 8, 8}, 1, 7);
  using Seen = std::vector<std::pair<Shape, std::vector<float>>>;
  const auto seen = [&](Runner& runner, ElementOrder order) {
    Seen values;
    const TapSink sink = [&](std::size_t tap, const Tensor& value) {
      CHECK(tap == values.size());
      values.emplace_back(value.shape(), std::vector(value.data<float>().begin(), value.data<float>().end()));
    };
    runner.run(std::span(&x, 1), sink, order);
    return values;
  };
  LoadOptions options;
  options.taps = {"x", "a", "b", "c"};
  const std::string whole = onnx::serialize(graph);
  const Seen plain = seen(*runtime_named("onnxruntime").load({{}, as_bytes(whole)}, options), ElementOrder::Plain);
  options.tap_order = ElementOrder::Any;
  const auto runner = runtime_named("onnxruntime").load({{}, as_bytes(apart.model), SharedBytes(apart.parts)}, options);
  Seen any = seen(*runner, ElementOrder::Any);
  CHECK(seen(*runner, ElementOrder::Plain) == plain);
  REQUIRE(any.size() == 4);
  CHECK(any[1] != plain[1]);  // shown as the runtime has it; fails on a processor for which it has no blocks
  CHECK(any[2] == plain[2]);  // 24 channels do not fill blocks of 16
  for (std::size_t tap = 0; tap < any.size(); ++tap)
    for (std::size_t sample = 0; sample < 2; ++sample) {  // the samples of a batch stay apart
      CHECK(any[tap].first == plain[tap].first);
      const auto sorted = [&](std::vector<float> values) {
        const auto half = static_cast<std::ptrdiff_t>(values.size() / 2),
                   begin = half * static_cast<std::ptrdiff_t>(sample);
        std::vector<float> part(values.begin() + begin, values.begin() + begin + half);
        std::sort(part.begin(), part.end());
        return part;
      };
      CHECK(sorted(any[tap].second) == sorted(plain[tap].second));
    }
}

TEST_CASE("a model whose large tensors stand apart in memory gives the same answers") {
  const Graph graph = convolutions();
  const Detached apart = onnx::detach(graph);
  const std::string whole = onnx::serialize(graph);
  CHECK(apart.model.size() < whole.size() / 4);
  const Tensor x = noise({2, 3, 8, 8}, 1, 8);
  const auto runner = runtime_named("onnxruntime").load({{}, as_bytes(apart.model), SharedBytes(apart.parts)}, {});
  CHECK(runner->run(std::span(&x, 1)).at(0) == load(whole)->run(std::span(&x, 1)).at(0));
}

TEST_CASE("a tensor that is mapped from a file is read from there, and nothing is copied") {
  const test::Folder folder;
  Sketch s;
  const ValueId x = s.input("x", DType::Float32, {2, 600});
  const ValueId small = s.node("MatMul", {x, s.constant("small", noise({600, 600}, 0.1f, 3))}, {}, "h");
  const Graph written = s.with_output(s.node("MatMul", {small, s.constant("w", noise({600, 700}, 0.1f, 4))}));
  const std::vector<fs::path> files = onnx::write(written, folder.path() / "a model.onnx", {.external_above = 0});
  const Graph graph = onnx::read(files.at(0));
  const Detached apart = onnx::detach(graph);
  CHECK(apart.parts.empty());
  CHECK(apart.files == std::vector{files.at(1)});
  CHECK(apart.model.size() < 1000);
  const Tensor input = noise({2, 600}, 1, 8);
  LoadOptions options;
  options.taps = {"h"};
  const Tensor wanted = runtime_named("onnxruntime").load({.path = files.at(0)}, {})->run(std::span(&input, 1)).at(0);
  for (const Runtime& runtime : runtimes()) {
    if (!runtime.available()) continue;
    INFO(runtime.name);
    const auto runner = runtime.load({folder.path() / "model", as_bytes(apart.model), {}, apart.files}, options);
    const Tensor met = runner->run(std::span(&input, 1)).at(0);
    REQUIRE(met.shape() == wanted.shape());
    for (std::size_t i = 0; i < met.size(); ++i)
      CHECK(std::abs(met.data<float>()[i] - wanted.data<float>()[i]) < 1e-4f);
  }
  fs::remove(files.at(1));  // the name is gone, and the bytes are still there
  CHECK(onnx::detach(graph).files.empty());
  CHECK(SharedBytes(onnx::detach(graph).parts).bytes().size() > 4 * 600 * 1300);
}

TEST_CASE("a large tensor of a branch stays in the model when the others stand apart") {
  Sketch inner;
  const ValueId h = inner.capture("x");
  const ValueId w = inner.constant("w_branch", noise({32, 32}, 0.1f, 3));
  const auto branch = std::make_shared<const Graph>(inner.with_output(inner.node("MatMul", {h, w}, {}, "inner_y")));
  Sketch s;
  const ValueId x = s.input("x", DType::Float32, {2, 32});
  const ValueId condition = s.constant("c", Tensor::of<bool>({}, {true}));
  const ValueId chosen =
      s.node("If", {condition}, {{"then_branch", Subgraph(branch), {}}, {"else_branch", Subgraph(branch), {}}}, "z");
  const Graph graph = s.with_output(s.node("MatMul", {chosen, s.constant("w", noise({32, 32}, 0.1f, 4))}));
  static_cast<void>(x);
  const Detached apart = onnx::detach(graph);
  const Tensor input = noise({2, 32}, 1, 8);
  LoadOptions options;
  options.taps = {"z"};
  const auto runner = runtime_named("onnxruntime").load({{}, as_bytes(apart.model), SharedBytes(apart.parts)}, options);
  CHECK(runner->run(std::span(&input, 1)).at(0) == load(onnx::serialize(graph))->run(std::span(&input, 1)).at(0));
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
