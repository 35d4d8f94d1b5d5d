// bitwright explain as a user runs it.
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "program/program.h"
#include "program/world.h"

namespace bw::test {
namespace {

Setting in(const World& world) {
  return {.environment = {}, .folder = world.path(), .output = {}, .largest_file = 0};
}

Json explained(const World& world, const std::vector<std::string>& more) {
  std::vector<std::string> words{"explain", "cnn.onnx", "small.onnx", "--data", "data", "--json", "--quiet"};
  words.insert(words.end(), more.begin(), more.end());
  const Outcome outcome = bitwright(words, in(world));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  return parse_json(outcome.out, "explain");
}

TEST_CASE("explain shows people and machines what each layer loses, what helps, and where the time goes", "[explain]") {
  const World world;
  REQUIRE(bitwright({"quantize", "cnn.onnx", "--data", "data", "-o", "small.onnx"}, in(world)).code == 0);
  const Outcome people =
      bitwright({"explain", "cnn.onnx", "small.onnx", "--data", "data", "--seconds", "0.2"}, in(world));
  INFO(people.out + people.err);
  REQUIRE(people.code == 0);
  CHECK(has(people.out, "small.onnx against cnn.onnx"));
  CHECK(has(people.out, "in the network"));
  CHECK(has(people.out, "bitwright quantize cnn.onnx --data data --recipe '"));
  CHECK(has(people.out, "as the runtime's profile has it"));
  const Json json = explained(world, {"--seconds", "0.2"});
  REQUIRE(json.at("layers").size() > 2);
  double before = json.at("layers").front().at("damage").get<double>();
  for (const Json& layer : json.at("layers")) {
    CHECK(layer.at("damage").get<double>() <= before);
    before = layer.at("damage").get<double>();
    if (layer.at("op") == "Conv") CHECK(layer.at("time").at("quantized").at("value").get<double>() > 0);
  }
  CHECK(explained(world, {"--seconds", "0"}).at("time").is_null());
}

TEST_CASE("explain tries its remedies where it is asked to", "[explain]") {
  const World world;
  REQUIRE(bitwright({"quantize", "cnn.onnx", "--data", "data", "-o", "small.onnx"}, in(world)).code == 0);
  const Json json = explained(world, {"--seconds", "0", "--try"});
  REQUIRE(json.at("tried").at("models").size() == 1);
  const Json& rows = json.at("tried").at("models").front().at("candidates");
  REQUIRE(!rows.empty());
  CHECK(rows.size() <= 3);
  CHECK(rows.front().at("recipe") == json.at("layers").front().at("remedy").at("recipe"));
}

TEST_CASE("explain refuses what it cannot explain", "[explain]") {
  const World world;
  const Outcome without = bitwright({"explain", "cnn.onnx", "cnn.onnx"}, in(world));
  CHECK(without.code == 2);
  CHECK(has(without.err, "no data to look at"));
  const Outcome runtime =
      bitwright({"explain", "cnn.onnx", "cnn.onnx", "--data", "data", "--runtime", "no-such"}, in(world));
  CHECK(runtime.code == 2);
  CHECK(has(runtime.err, "no-such"));
  Setting without_openvino = in(world);
  without_openvino.environment["BITWRIGHT_OPENVINO"] = world.path();
  const Outcome absent =
      bitwright({"explain", "cnn.onnx", "cnn.onnx", "--data", "data", "--runtime", "openvino"}, without_openvino);
  CHECK(absent.code == 2);
  CHECK(has(absent.err, "deps/fetch openvino"));
  fs::copy_file(fs::path(BW_GOLDEN) / "explain/products-dynamic.onnx", world / "other.onnx");
  const Outcome other = bitwright({"explain", "cnn.onnx", "other.onnx", "--data", "data"}, in(world));
  CHECK(other.code == 3);
  CHECK(has(other.err, "other.onnx"));
  CHECK(has(other.err, "input 'x'"));
}

}  // namespace
}  // namespace bw::test
