// Files whose inputs and outputs stand in another order and layout than in the graph that they were made of.
#include "run/deployment.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "folder.h"
#include "format/format.h"
#include "graph/text.h"
#include "run/feeding.h"

namespace bw {
namespace {

// From a picture [N,C,H,W] and one number a channel: their product as a picture, and its sum over the channels.
constexpr const char* kOriginal = R"(ir_version 8
opset "" 17
graph "original" {
  input %picture: float32[N,2,3,4]
  input %gains: float32[N,2]
  const %axes: int64[2] = int64[2] {2, 3}
  const %one: int64[1] = int64[1] {1}
  %wide: float32[N,2,1,1] = Unsqueeze(%gains, %axes)
  %scaled: float32[N,2,3,4] = Mul(%picture, %wide)
  %summed: float32[N,3,4] = ReduceSum(%scaled, %one) {keepdims = 0}
  output %scaled: float32[N,2,3,4]
  output %summed: float32[N,3,4]
}
)";

// The same as another format may have it: the numbers first, pictures as [N,H,W,C], the sum first and on its side.
constexpr const char* kOther = R"(ir_version 8
opset "" 17
graph "other" {
  input %in_gains: float32[N,2]
  input %in_picture: float32[N,3,4,2]
  const %axes: int64[2] = int64[2] {1, 2}
  const %last: int64[1] = int64[1] {3}
  %wide: float32[N,1,1,2] = Unsqueeze(%in_gains, %axes)
  %out_scaled: float32[N,3,4,2] = Mul(%in_picture, %wide)
  %sum: float32[N,3,4] = ReduceSum(%out_scaled, %last) {keepdims = 0}
  %out_summed: float32[4,N,3] = Transpose(%sum) {perm = ints [2, 0, 1]}
  output %out_summed: float32[4,N,3]
  output %out_scaled: float32[N,3,4,2]
}
)";

const Ports kPorts{.inputs = {{"in_picture", 1, {0, 2, 3, 1}}, {"in_gains", 0}},
                   .outputs = {{"out_scaled", 1, {0, 2, 3, 1}}, {"out_summed", 0, {2, 0, 1}}}};

Deployment saved(const test::Folder& folder, const char* text, const char* name, Ports ports = {}) {
  write_model(parse_graph(text), folder.path() / name);
  return {folder.path() / name, "onnxruntime", std::move(ports)};
}

Tensor noise(Shape shape, std::uint64_t seed) {
  Random random(seed);
  return Tensor::fill<float>(std::move(shape), [&](std::span<float> out) {
    for (float& value : out) value = static_cast<float>(random.normal());
  });
}

std::string refusal(auto&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST_CASE("a file with other ports takes the samples of the original and gives its outputs", "[ports]") {
  const test::Folder folder;
  const auto original = load(saved(folder, kOriginal, "original.onnx")),
             other = load(saved(folder, kOther, "other.onnx", kPorts));
  Sample sample;
  sample.inputs = {noise({2, 3, 4}, 1), noise({2}, 2)};
  sample.batch_axes = {0, 0};
  CHECK(batch_of(*other, sample) == 1);
  const std::vector<Tensor> inputs = inputs_of(std::span(&sample, 1), *other);
  const std::vector<Tensor> wanted = original->run(inputs), met = other->run(inputs);
  REQUIRE(met.size() == 2);
  CHECK(met[0].shape() == Shape{1, 2, 3, 4});
  CHECK(met == wanted);
  const std::vector<Tensor> as_in_file = other->as_in_file(inputs);
  CHECK(as_in_file[0].shape() == Shape{1, 2});
  CHECK(as_in_file[1].shape() == Shape{1, 3, 4, 2});
  CHECK(other->in_file().run(as_in_file)[0].shape() == Shape{4, 1, 3});
}

TEST_CASE("ports are shown as the original has them", "[ports]") {
  const test::Folder folder;
  const auto other = load(saved(folder, kOther, "other.onnx", kPorts));
  REQUIRE(other->inputs().size() == 2);
  CHECK(other->inputs()[0].name == "in_picture");
  CHECK(to_string(other->inputs()[0].type) == "float32[N,2,3,4]");
  CHECK(to_string(other->inputs()[1].type) == "float32[N,2]");
  CHECK(to_string(other->outputs()[1].type) == "float32[N,3,4]");
}

TEST_CASE("without ports a file is taken as it is", "[ports]") {
  const test::Folder folder;
  const auto other = load(saved(folder, kOther, "other.onnx"));
  CHECK(other->inputs()[0].name == "in_gains");
  const std::vector<Tensor> inputs{noise({5, 2}, 3), noise({5, 3, 4, 2}, 4)};
  CHECK(other->run(inputs) == other->in_file().run(inputs));
  CHECK(other->run(inputs)[0].shape() == Shape{4, 5, 3});
}

TEST_CASE("ports that the file does not have are refused when it is loaded", "[ports]") {
  const test::Folder folder;
  const auto with = [&](auto&& change) {
    Ports ports = kPorts;
    change(ports);
    return refusal([&] { load(saved(folder, kOther, "other.onnx", ports)); });
  };
  using Catch::Matchers::ContainsSubstring;
  CHECK_THAT(with([](Ports& p) { p.inputs[0].name = "in_gains"; }), ContainsSubstring("no such input at position 1"));
  CHECK_THAT(with([](Ports& p) { p.outputs[1].position = 7; }), ContainsSubstring("no such output at position 7"));
  CHECK_THAT(with([](Ports& p) { p.inputs[1].layout = {2, 0, 1}; }), ContainsSubstring("no such input"));
  CHECK_THAT(with([](Ports& p) { p.inputs.pop_back(); }), ContainsSubstring("has 2 inputs, 1 are named"));
}

TEST_CASE("a deployment crosses to a worker whole", "[ports]") {
  const Deployment given{"a/b.onnx", "onnxruntime", kPorts}, met = deployment_from(to_json(given));
  CHECK(met.file == given.file);
  CHECK(met.runtime == given.runtime);
  CHECK(to_json(met) == to_json(given));
  CHECK(met.ports.outputs[1].layout == std::vector<std::size_t>{2, 0, 1});
}

}  // namespace
}  // namespace bw
